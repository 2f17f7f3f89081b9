#!/bin/sh
# The alerts and the dashboard of examples/telemetry: promtool takes them, each alert has a case in which it fires and
# one in which it does not, and a person can use them.  That pilotfish has their metrics is a test of
# tests/system/712-alerts.bats.
cases=tests/cases/alerts/alerts.yml
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
for command in "check rules examples/telemetry/pilotfish.rules.yml" "test rules $cases"; do
	promtool $command >"$log" 2>&1 || { cat "$log"; status=1; }
done

python3 - "$cases" <<'END' || status=1
import collections, json, re, sys, yaml

faults = []
rules = [rule for group in yaml.safe_load(open("examples/telemetry/pilotfish.rules.yml"))["groups"] for rule in group["rules"]]
fired, quiet = collections.defaultdict(list), set()


def expect(good, text):
    if not good:
        faults.append(text)


for case in yaml.safe_load(open(sys.argv[1]))["tests"]:
    for test in case["promql_expr_test"]:
        alert = re.fullmatch(r'ALERTS{alertname="(\w+)", alertstate="firing"}', test["expr"])[1]
        fired[alert] += [sample["labels"] for sample in test["exp_samples"]]
        if not test["exp_samples"]:
            quiet.add(alert)

for rule in rules:
    name, notes = rule["alert"], rule.get("annotations", {})
    expect(fired[name], f"{name}: no case makes it fire")
    expect(name in quiet, f"{name}: no case in which it does not fire")
    expect(rule["labels"].get("severity") in ("critical", "warning"), f"{name}: severity is not critical or warning")
    expect(set(notes) == {"summary", "description"}, f"{name}: not a summary and a description")
    for label in set(re.findall(r"\$labels\.(\w+)", str(notes))):
        expect(all(re.search(rf"\b{label}=", labels) for labels in fired[name]), f"{name}: it has no label {label}")
names = [rule["alert"] for rule in rules]
expect(len(names) == len(set(names)), "two alerts of one name")
expect(set(fired) <= set(names), f"cases of no alert: {set(fired) - set(names)}")

board = json.load(open("examples/telemetry/grafana/pilotfish.json"))
variables = {variable["name"]: variable for variable in board["templating"]["list"]}
panels = [panel for row in board["panels"] for panel in [row] + row.get("panels", [])]
ids = [panel["id"] for panel in panels]
expect(board["id"] is None and not board.get("__inputs"), "the dashboard is an export of one Grafana")
expect(len(ids) == len(set(ids)), "the dashboard has two panels of one id")
expect({"datasource", "job", "instance"} <= set(variables), "the dashboard lacks a variable")
for uid in re.findall(r'"uid": "([^"]*)"', json.dumps([board["panels"], list(variables.values())])):
    expect(uid == "${datasource}", f"the dashboard has a data source of one Grafana: {uid}")
for panel in panels:
    title = f"panel {panel.get('title')}"
    expect(panel["type"] == "row" or panel.get("description"), f"{title}: no description")
    expect(panel["type"] == "row" or panel["targets"], f"{title}: no query")
    for query in [target["expr"] for target in panel.get("targets", [])]:
        for variable in re.findall(r"\$\{?(\w+)", query):
            expect(variable in variables or variable == "__rate_interval", f"{title}: no variable {variable}")
        for selector in re.findall(r"{([^}]*)}", query):
            expect('job=~"$job"' in selector and 'instance=~"$instance"' in selector, f"{title}: not of the chosen instances: {query}")
        expect("{" in query, f"{title}: of all instances: {query}")

print("\n".join(faults))
sys.exit(1 if faults else 0)
END
exit $status
