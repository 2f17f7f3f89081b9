#include "import/consul_template.h"
#include "import/hcl.h"

#include "imports.h"

/* The members of an object are lists of what was given. */
static bool read_hcl(struct import *import)
{
	json_t *tree = hcl_parse(import, import->path, import->text);

	json_object_update(import->tree, tree);
	json_decref(tree);
	return tree;
}

static const struct { const char *text, *tree; } syntax[] = {
	{ "", "{}" },
	{ "# c\n// c\n/* c\n */ a = 1 b = -2.5e1, c = true\nd = 0644 e = 0x1f", "{'a':[1],'b':[-25.0],'c':[true],'d':[420],'e':[31]}" },
	{ "a { b = \"c\" } a { } a = { d = [1, \"x\", ] }", "{'a':[{'b':['c']},{},{'d':[[1,'x']]}]}" },
	{ "a \"l\" \"m\" { b = 1 }", "{'a':[{'l':[{'m':[{'b':[1]}]}]}]}" },
	{ "\"a\" = \"\\n\\\"\\\\\\u00e4\\x41\\101\\U0001F600\"", "{'a':['\\n\\\"\\\\\\u00e4AA\\ud83d\\ude00']}" },
	{ "a = \"${b \"c\"}\"", "{'a':['${b \\\"c\\\"}']}" },
	{ "a = <<EOF\n x\n EOFY\n\nEOF\nb = 1", "{'a':[' x\\n EOFY\\n\\n'],'b':[1]}" },
	{ "a = <<-EOF\n\t\tx\n\t\t\ty\n\t\tEOF\n", "{'a':['x\\n\\ty\\n']}" },
	{ "a = <<-EOF\n\tx\n  EOF", "{'a':['\\tx\\n']}" },
	{ "{\"a\":{\"b\":1},\"c\":[{\"d\":1},{\"d\":2}],\"e\":[1]}", "{'a':[{'b':[1]}],'c':[{'d':[1]},{'d':[2]}],'e':[[1]]}" },
};

static void test_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof syntax / sizeof *syntax; i++)
		expect_tree(read_hcl, syntax[i].text, syntax[i].tree, NULL);
}

static const struct { const char *text, *error; } wrong[] = {
	{ "a", "x:1:2: found the end of the file, expected = or { after a key" },
	{ "a =", "x:1:4: found the end of the file, expected a string in quotes, a number, true, false, a list or an object" },
	{ "a = b", "x:1:5: found \"b\", expected a string in quotes, a number, true, false, a list or an object" },
	{ "a {\nb = 1", "x:1:3: found \"{\", expected a } that closes it" },
	{ "a = [1 2]", "x:1:8: found \"2]\", expected a comma or ]" },
	{ "a = [1,", "x:1:5: found \"[1,\", expected a ] that closes it" },
	{ "a = \"b\n\"", "x:1:5: found \"\"b\", expected a quote that closes it" },
	{ "a = \"\\q\"", "x:1:6: found \"\\q\"\", expected an escape such as \\n, \\\" or \\u00e4" },
	{ "a = \"\\x00\"", "x:1:6: found \"\\x00\"\", expected an escape such as \\n, \\\" or \\u00e4" },
	{ "a = \"${b\"", "x:1:6: found \"${b\"\", expected a } that closes it" },
	{ "\n a = <<E\nx\n", "x:2:6: found \"<<E\", expected a line that closes it" },
	{ "a = 99999999999999999999999999999x", "x:1:5: found \"99999999999999999999999999999x\", expected a string in quotes, a "
	  "number, true, false, a list or an object" },
	{ "5 = 1", "x:1:1: found \"5 = 1\", expected a key" },
	{ "{\"a\":", "x:1:5: found unexpected token near end of file, expected JSON" },
};

static void test_errors(void **state)
{
	CLEANUP(buf_release) struct buf deep = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect_error(read_hcl, wrong[i].text, wrong[i].error);
	buf_add(&deep, "a = ");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&deep, '[');
	expect_error(read_hcl, deep.data, "x:1:55: found \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\", expected fewer levels");
}

#define WEB "'name':'web','destination':'/web'"

static const struct { const char *text, *tree, *note; } cases[] = {
	{ "consul { address = \"c:8500\" }", "{'consul':{'address':'c:8500'}}", NULL },
	{ "consul = \"c:8500\"\ntoken = \"t\"", "{'consul':{'address':'c:8500','token':'t'}}", "consul.token: tokenFile" },
	{ "consul { auth { username = \"u\" password = \"p\" } ssl { enabled = true ca_cert = \"/c\" } retry { } }",
	  "{'consul':{'auth':'u:p','scheme':'https','tls':{'cafile':'/c'}}}", "consul: retry: pilotfish retries" },
	{ "template { contents = \"{{ key \\\"a\\\" }}\" destination = \"/web\" perms = 0600 command = \"a -b 'c;d'\" }",
	  "{'consul':{},'templates':[{" WEB ",'contents':'{{ key \\\"a\\\" }}','perms':'0600','exec':'a -b \\u0027c;d\\u0027'}]}",
	  "templates[web].contents: \\x7b" },
	{ "wait { min = \"1s\" } template { source = \"s\" destination = \"/web\" command = [\"a\", \"b c\"] "
	  "command_timeout = \"9s\" sandbox_path = \"/\" }\n"
	  "template { source = \"t\" destination = \"/x/web\" wait = \"2s:4s\" command = \"a; b\" }",
	  "{'consul':{},'templates':[{" WEB ",'source':'s','wait':{'min':'1s'},'exec':{'exec':['a','b c'],'timeout':'9s'}},"
	  "{'name':'web-2','source':'t','destination':'/x/web','wait':{'min':'2s','max':'4s'},'exec':['sh','-c','a; b']}]}",
	  "templates[web]: sandbox_path: left out" },
	{ "template { destination = \"/web\" }", "{'consul':{}}", "templates: a template with the source \"\" is left out" },
	{ "template { source = \"s\" destination = \"/web\" }\nexec { command = \"/bin/app -x\" reload_signal = \"SIGHUP\" }",
	  "{'consul':{},'templates':[{" WEB ",'source':'s','exec':'pilotfish signal SIGHUP app'}],'jobs':[{'name':'app',"
	  "'exec':'/bin/app -x','needs':['template.web rendered'],'essential':true,'stopSignal':'SIGINT'}]}",
	  "jobs[app].stopSignal: the default of consul-template" },
	{ "template { source = \"s\" destination = \"/web\" command = \"c\" }\nexec { command = [\"app\"] kill_signal = \"SIGTERM\" "
	  "env { custom = [\"A=b=c\"] denylist = [\"X\", \"Y*\"] } }",
	  "{'consul':{},'templates':[{" WEB ",'source':'s','exec':'c'}],'jobs':[{'name':'app','exec':'app','needs':["
	  "'template.web rendered'],'essential':true,'stopSignal':'SIGTERM','env':{'A':'b=c'},'unsetEnv':['X']},"
	  "{'name':'web.told','exec':'pilotfish restart app','when':{'source':'template.web','each':'settled'}}]}",
	  "jobs[app]: denylist = \"Y*\": left out" },
	{ "log_level = \"ERR\" vault { } foo = [1]", "{'consul':{},'logging':{'level':'error'}}", ": foo = [1]: left out" },
};

static void test_trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_tree(consul_template_read, cases[i].text, cases[i].tree, cases[i].note);
}

static void test_recognised(void **state)
{
	(void)state;
	assert_true(consul_template_recognises("x.hcl", ""));
	assert_true(consul_template_recognises("x", "# c\ntemplate {\n}"));
	assert_true(consul_template_recognises("x", "{\"template\":[]}"));
	assert_false(consul_template_recognises("x", "{\"template\":[],\"jobs\":[]}"));
	assert_false(consul_template_recognises("x", "consul = \"c:8500\";\njobs = ( );"));
	assert_false(consul_template_recognises("/nowhere", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
