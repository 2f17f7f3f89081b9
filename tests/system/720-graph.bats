# The graph of what triggers what: as JSON, and as the source of a drawing.

load lib

setup()
{
	export PILOTFISH_SOCKET=$dir/s
}

nodes()
{
	jq -r '.nodes[] | "\(.id) \(.state) \(.health) \(.condition)"'
}

edges()
{
	jq -r '.edges[] | "\(.from) \(.event) \(.to) \(.kind)"'
}

all_kinds()
{
	cat <<-EOF
		consul = "${consul_address-127.0.0.1:1}";
		jobs = ( { name = "app"; exec = "sleep 1000"; preStart = "true"; preStop = "true"; restarts = "unlimited";
			   needs = [ "watch.db healthy", "template.t rendered" ]; port = 80; interfaces = "static:127.0.0.1";
			   health = { exec = "test ! -e $dir/ill"; interval = "200ms"; timeout = "200ms"; failures = 2; }; },
			 { name = "web"; exec = "sleep 1000"; when = { source = "app"; once = "healthy"; }; },
			 { name = "fix"; exec = "true"; when = { source = "app.health"; each = "exitFailed"; }; },
			 { name = "hup"; exec = "true"; when = { source = "SIGHUP"; each = "signalled"; }; },
			 { name = "told"; exec = "true"; when = { source = "global"; each = "enterMaintenance"; }; },
			 { name = "once"; exec = "sh -c \"exit 3\""; when = { source = "consul"; once = "healthy"; }; },
			 { name = "runner"; exec = "sleep 1000"; runs = "election.e"; } );
		watches = ( { name = "db"; onChange = "true"; } );
		templates = ( { name = "t"; contents = "x"; destination = "$dir/t"; exec = "true"; } );
		elections = ( { name = "e"; job = "app"; id = "me"; } );
	EOF
}

all_edges()
{
	sort <<-EOF
		consul/consul healthy job/once when
		election/e elected job/runner when
		global/global enterMaintenance job/told when
		job/app exitFailed job/fix check
		job/app healthy election/e candidate
		job/app healthy job/web when
		job/app stopping job/app.preStop when
		job/app.preStart exitSuccess job/app when
		signal/SIGHUP signalled job/hup when
		template/t rendered job/app.preStart needs
		template/t settled job/t.exec when
		watch/db changed job/db.onChange when
		watch/db healthy job/app.preStart needs
	EOF
}

shows()			# LINE of nodes
{
	"$pilotfish" graph --format json | nodes | grep -qxF -- "$1"
}

@test "a configuration without a running pilotfish: all its nodes and edges, without states, and nothing starts" {
	all_kinds | write_config
	"$pilotfish" graph -c "$dir/main.conf" --format json >"$dir/graph"
	[[ $(jq .live "$dir/graph") == false ]]
	diff <(all_edges) <(edges <"$dir/graph" | sort)
	[[ $(nodes <"$dir/graph" | awk '{ print $2, $3, $4 }' | sort -u) == 'null null null' ]]
	[[ $(jq -r '.nodes | length' "$dir/graph") == 17 ]]
	[[ ! -e $dir/t && ! -e $dir/s ]]
	run -69 --separate-stderr "$pilotfish" graph
	[[ $stderr == *"no pilotfish answers at $dir/s" ]]
	run -64 "$pilotfish" graph --format dott
	[[ $output == *'found "dott"; did you mean'*dot* ]]
	echo 'jobs = (' | write_config -n broken
	run -65 "$pilotfish" graph -c "$dir/broken.conf"
}

@test "of a running pilotfish: states that follow what happens" {
	start_consul
	all_kinds | start_pilotfish
	await shows "watch/db unhealthy null critical"
	shows "job/app waiting null waiting"
	register db db-1 5432
	await shows "job/app running passing ok"
	await shows "election/e leader null ok"
	await shows "job/once stopped null critical"
	await shows "job/runner running null ok"
	shows "watch/db healthy null ok"
	shows "template/t rendered null ok"
	shows "job/app.preStart stopped null ended"
	shows "job/hup waiting null waiting"
	shows "signal/SIGHUP null null null"
	shows "consul/consul up null ok"
	"$pilotfish" graph --format json >"$dir/graph"
	[[ $(jq .live "$dir/graph") == true ]]
	diff <(all_edges) <(edges <"$dir/graph" | sort)
	touch "$dir/ill"
	await shows "job/app running critical critical"
	"$pilotfish" graph | grep -F 'app\njob, running, critical' | grep -qF 'color="#c21f30"'
	"$pilotfish" graph --format mermaid | grep -qF 'app<br/>job, running, critical"]:::critical'
	"$pilotfish" maintenance on
	await shows "global/global maintenance null warning"
}

@test "a job of Consul's agent: what outlives what" {
	write_config <<-EOF
		consul = "127.0.0.1:1";
		jobs = ( { name = "agent"; exec = "consul agent -dev"; }, { name = "app"; exec = "sleep 1000"; } );
	EOF
	[[ $("$pilotfish" graph -c "$dir/main.conf" --format json | edges) == "job/agent null job/app implicit" ]]
	"$pilotfish" graph -c "$dir/main.conf" | grep -qF 'style=dotted'
}

# Names that end a string, a label, a line or a tag, or that are entities.
names=('a"];b->c[label="' 'end\' '\N\l' '&amp;&lt;' '<b>x</b>' '"]:::ok' '#quot;#35;' '`x`' '1. x' '- y' '%%{init' 'ä→')

hostile()
{
	python3 - "${names[@]}" <<-'EOF'
		import sys
		quote = lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
		jobs = ", ".join("{ name = %s; exec = \"sleep 1000\"; }" % quote(name) for name in sys.argv[1:])
		print('control = { socket = "off"; };\njobs = (%s);' % jobs)
	EOF
}

@test "Graphviz draws hostile names as they are" {
	hostile | write_config
	"$pilotfish" graph -c "$dir/main.conf" >"$dir/graph.dot"
	dot -Tsvg "$dir/graph.dot" >"$dir/graph.svg" 2>"$dir/complaints"
	[[ ! -s $dir/complaints ]]
	python3 - "$dir/graph.svg" "${names[@]}" <<-'EOF'
		import sys, xml.etree.ElementTree as tree
		space = "{http://www.w3.org/2000/svg}"
		groups = [g for g in tree.parse(sys.argv[1]).iter(space + "g") if g.get("class") == "node"]
		found = [group.findall(space + "text")[0].text.replace("\u00a0", " ") for group in groups]
		assert sorted(found) == sorted(sys.argv[2:]), found
	EOF
}

# The part of Mermaid's grammar that is used: no quote, bracket, entity or keyword comes out of a string.
@test "Mermaid: each line is a node, an edge or a class, and a text decodes to the name" {
	all_kinds | write_config
	"$pilotfish" graph -c "$dir/main.conf" --format mermaid >"$dir/graph.mmd"
	hostile | write_config -n hostile
	"$pilotfish" graph -c "$dir/hostile.conf" --format mermaid >"$dir/hostile.mmd"
	for graph in graph hostile; do
		[[ $(head -n 1 "$dir/$graph.mmd") == 'flowchart LR' ]]
		text='"([^]["`<>&;#]|#[0-9]+;|<br/>)*"'
		run ! grep -vE "^(flowchart LR|	n[0-9]+(\[$text\]|\(\[$text\]\))(:::[a-z]+)?|	n[0-9]+ (-->(\|$text\|)?|-\.->) n[0-9]+|	classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#[0-9a-f]{6})$" "$dir/$graph.mmd"
	done
	python3 - "$dir/hostile.mmd" "${names[@]}" <<-'EOF'
		import re, sys
		lines = [line for line in open(sys.argv[1]) if re.match(r"\tn\d+\[", line)]
		texts = [re.search(r'"(.*)<br/>', line)[1] for line in lines]
		found = [re.sub(r"#(\d+);", lambda m: chr(int(m[1])), text) for text in texts]
		assert found == sys.argv[2:], found
	EOF
}
