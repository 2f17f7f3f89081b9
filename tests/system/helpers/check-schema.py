#!/usr/bin/env python3
"""Tests a JSON Schema: check-schema.py SCHEMA DOCUMENT...

Each document has to be accepted; and refused with an unknown key in any group that is not a map, and with null in
place of any value.  Prints what is wrong, and the number of tests.
"""
import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
MAPS = "env", "meta", "headers"
tests = wrong = 0


def expect(valid, document, what):
    global tests, wrong
    tests += 1
    found = next(validator.iter_errors(document), None)
    if (found is None) != valid:
        wrong += 1
        print(f"{what}: {found.message[:200] if found else 'accepted'}")


def spoil(root, value, where):
    if isinstance(value, dict) and where.rsplit(".", 1)[-1] not in MAPS:
        value["unknownKey"] = 1
        expect(False, root, f"{where} with an unknown key")
        del value["unknownKey"]
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        kept = value[key]
        value[key] = None
        expect(False, root, f"{where}.{key} as null")
        value[key] = kept
        spoil(root, kept, f"{where}.{key}")


for name in sys.argv[2:]:
    document = json.load(open(name))
    expect(True, document, name)
    spoil(document, document, name)
print(f"{tests} tests of {len(sys.argv) - 2} documents")
sys.exit(wrong > 0)
