#include "import/supervisord.h"

#include "imports.h"

static const struct { const char *text, *tree, *note; } cases[] = {
	{ "[program:a]\ncommand=x 'y z'\n", "{'jobs':[{'name':'a','exec':'x \\u0027y z\\u0027','restarts':'onFailure'}]}",
	  "jobs[a]: when the only job" },
	{ "[program:a]\nCommand : x ; comment\n  y # more\n\n; c\n  z\n",
	  "{'jobs':[{'name':'a','exec':'x y z','restarts':'onFailure'}]}", "jobs[a]: c" },
	{ "; first\n[program:a]\ncommand=x;y\nautorestart=TRUE\ncommand=z\n",
	  "{'jobs':[{'name':'a','exec':'z','restarts':'unlimited'}]}", "jobs[a]: first" },
	{ "[program:a]\ncommand=x --home %(ENV_HOME)s/b %% {\n",
	  "{'jobs':[{'name':'a','exec':{'{{':'print \\\"x --home \\\" .HOME \\\"/b % \\\\x7b\\\" | quote'},'restarts':'onFailure'}]}",
	  NULL },
	{ "[program:a]\ncommand=x\nenvironment=A=b,C=\"d,e\", F = 'g h'\n i=j\n",
	  "{'jobs':[{'name':'a','exec':'x','restarts':'onFailure','env':{'A':'b','C':'d,e','F':'g h','i':'j'}}]}", NULL },
	{ "[supervisord]\nenvironment=A=1,_B=2\numask=077\n[program:a]\ncommand=x\nenvironment=A=3\n",
	  "{'jobs':[{'name':'a','exec':'x','restarts':'onFailure','umask':'077','env':['A=3','_B=2']}]}", NULL },
	{ "[program:a]\ncommand=x %(process_num)03d %(program_name)s\nnumprocs=2\nnumprocs_start=1\n"
	  "process_name=%(program_name)s-%(process_num)d\nautorestart=false\n",
	  "{'jobs':[{'name':'a-1','exec':'x 001 a','restarts':'never'},{'name':'a-2','exec':'x 002 a','restarts':'never'}]}",
	  ": supervisord never ends" },
	{ "[program:a]\ncommand=x\nautostart=false\nstopsignal=quit\nstopwaitsecs=20\nstopasgroup=yes\nstartsecs=5\n",
	  "{'jobs':[{'name':'a','exec':'x','restarts':'onFailure','when':{'source':'SIGUSR1','once':'signalled'},"
	  "'stopSignal':'SIGquit','stopTimeout':'20s','stopGroup':true,'backoff':{'reset':'5s'}}],'stopTimeout':'22s'}",
	  "jobs[a].when: autostart" },
	{ "[program:global]\ncommand=x\n[program:a]\ncommand=y\npriority=5\nfoo=bar\n",
	  "{'jobs':[{'name':'job-global','exec':'x','restarts':'onFailure'},{'name':'a','exec':'y','restarts':'onFailure'}]}",
	  "jobs[a]: foo = bar" },
	{ "[supervisord]\nloglevel=blather\n[eventlistener:m]\ncommand=m\n", "{'logging':{'level':'debug'}}",
	  ": [eventlistener:m] (m)" },
};

static void test_trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_tree(supervisord_read, cases[i].text, cases[i].tree, cases[i].note);
}

static const struct { const char *text, *error; } wrong[] = {
	{ "a=b\n", "x:1:1: found \"a=b\", expected a section such as [program:web] first" },
	{ "[program:a\n", "x:1:1: found \"[program:a\", expected a section such as [program:web]" },
	{ "[program:a]\ncommand\n", "x:2:1: found \"command\", expected KEY=VALUE" },
	{ "\n[program:a]\nautostart=true\n", "x:2:1: found [program:a] without a command, expected command = ..." },
	{ "[program:a]\ncommand = \"b\n", "x:2:11: found command = \"\"b\", expected a command whose quotes are closed" },
	{ "[program:a]\ncommand=\n", "x:2:9: found command = \"\", expected a command whose quotes are closed" },
	{ "[program:a]\ncommand=%(ENV_A)d\n", "x:2:9: found command = \"%(ENV_A)d\", expected only expressions such as "
	  "%(ENV_HOME)s, %(here)s, %(program_name)s, %(process_num)02d, and %% for %" },
	{ "[program:a]\ncommand=x\nnumprocs=0x\n", "x:3:10: found numprocs = \"0x\", expected a whole number up to 1000000" },
	{ "[program:a]\ncommand=x\nnumprocs=1000000\n", "x:1: found more than 1000 programs, expected fewer" },
	{ "[program:a]\ncommand=x\nenvironment=A=\"b\n", "x:3:13: found environment = \"A=\"b\", expected pairs such as "
	  "A=\"x\",B=\"y\"" },
	{ "[program:a]\ncommand=x\numask=9\n", "x:3:7: found umask = \"9\", expected an octal number such as 022" },
	{ "[program:a]\ncommand=x\nstopsignal=FOO\n", "x:3:12: found stopsignal = \"FOO\", expected a signal such as TERM" },
	{ "[program:a]\ncommand=x\nautorestart=maybe\n", "x:3:13: found autorestart = \"maybe\", expected true or false" },
	{ "[include]\nfiles=%(ENV_X)s\n", "x:2:7: found files = \"%(ENV_X)s\", expected names of files, without variables of "
	  "the environment" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_error(supervisord_read, wrong[i].text, wrong[i].error);
}

static void test_recognised(void **state)
{
	(void)state;
	assert_true(supervisord_recognises("x", "; c\n[program:a]\n"));
	assert_true(supervisord_recognises("x", "[supervisord]"));
	assert_false(supervisord_recognises("x", "program:a\n[other]\n"));
	assert_false(supervisord_recognises("x", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
