#!/bin/sh
# All cases of templates.
exec "${B:-build}/tests/template-cases" tests/cases/template-*.json
