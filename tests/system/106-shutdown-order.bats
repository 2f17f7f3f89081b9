# The order of a shutdown, and its deadline.

load jobs

# Takes TIME to end.
slow_app()
{
	script app <<-'EOF'
		trap 'sleep "$1"; exit 0' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
}

@test "in reverse order of dependency, one after the other" {
	slow_app
	start_pilotfish <<-EOF
		jobs = (
		  { name = "db"; exec = "$dir/app 0.1"; },
		  { name = "api"; exec = "$dir/app 0.1"; needs = [ "db running" ]; },
		  { name = "web"; exec = "$dir/app 0.1"; when = { source = "api"; once = "running"; }; },
		  { name = "log"; exec = "$dir/app 0"; }
		);
	EOF
	for job in db api web log; do
		expect_log "ready.*$job"
	done
	stop_pilotfish
	expect_code 0
	expect_events "global shutdown" "web stopping" "web stopped" "api stopping" "api stopped" "db stopping" "db stopped"
	(($(time_of "log stopped") <= $(time_of "api stopped")))
}

@test "a job with a preStart stops before the jobs that it needs" {
	slow_app
	start_pilotfish <<-EOF
		jobs = (
		  { name = "db"; exec = "$dir/app 0.1"; },
		  { name = "api"; exec = "$dir/app 0.1"; needs = [ "db running" ]; preStart = "true"; }
		);
	EOF
	for job in db api; do
		expect_log "ready.*$job"
	done
	stop_pilotfish
	expect_code 0
	expect_events "global shutdown" "api stopping" "api stopped" "db stopping" "db stopped"
}

@test "a chain of jobs that ignore SIGTERM is over within the deadline; each has had its share" {
	script deaf <<-'EOF'
		trap 'echo TERM' TERM
		echo ready
		while :; do read -rt 1 <> <(:); done
	EOF
	start_pilotfish <<-EOF
		stopTimeout = "3s";
		jobs = (
		  { name = "db"; exec = "$dir/deaf"; },
		  { name = "api"; exec = "$dir/deaf"; needs = [ "db running" ]; },
		  { name = "web"; exec = "$dir/deaf"; needs = [ "api running" ]; }
		);
	EOF
	for job in db api web; do
		expect_log "ready.*$job"
	done
	stop_pilotfish
	expect_code 137
	((took < 3000 * slow))
	expect_events "web stopped" "api stopping" "api stopped" "db stopping" "db stopped"
	for job in db api web; do
		[[ $(said $job) == $'ready\nTERM' ]]
	done
}

@test "a job that only waits does not delay the shutdown" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "db"; exec = "sleep 1000"; },
		  { name = "api"; exec = "true"; needs = [ "db exitSuccess" ]; },
		  { name = "web"; exec = "true"; when = { source = "api"; once = "running"; }; },
		  { name = "bell"; exec = "true"; when = { source = "SIGHUP"; }; },
		  { name = "tick"; exec = "true"; when = { interval = "1h"; }; }
		);
	EOF
	expect_events "tick exitSuccess"
	stop_pilotfish
	expect_code 0
	((took < 500 * slow))
}

@test "a stop hook runs though its job is stopped last" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "db"; exec = "sleep 1000"; preStop = "echo db goes"; },
		  { name = "app"; exec = "sleep 1000"; needs = [ "db running" ]; postStop = "echo app is gone"; },
		  { name = "after"; exec = "echo after"; when = { source = "app.postStop"; once = "exitSuccess"; }; }
		);
	EOF
	expect_events "app running"
	stop_pilotfish
	expect_code 0
	((took < 1000 * slow))
	[[ $(said db.preStop) == "db goes" && $(said app.postStop) == "app is gone" ]]
}

@test "jobs on shutdown run when the others have ended by themselves" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "one"; exec = "true"; }, { name = "two"; exec = "sleep 0.1"; },
		  { name = "bye"; exec = "echo bye"; when = { source = "global"; once = "shutdown"; }; }
		);
	EOF
	wait_exit
	expect_code 0
	[[ $(said bye) == bye ]]
}

@test "an essential job's end stops the others in order" {
	start_pilotfish <<-'EOF'
		jobs = (
		  { name = "db"; exec = "sleep 1000"; },
		  { name = "app"; exec = "sh -c 'sleep 0.1; exit 3'"; essential = true; needs = [ "db running" ]; },
		  { name = "side"; exec = "sleep 1000"; needs = [ "db running" ]; }
		);
	EOF
	wait_exit
	expect_code 3
	expect_events "app stopped" "side stopped" "db stopping" "db stopped"
}

# Every job depends on Consul's agent, unless the agent depends on it.
agent()
{
	mkdir -p "$dir/bin"
	ln -sf "$(type -P sleep)" "$dir/bin/consul"
}

@test "SIGTERM while the preStart of a job that runs Consul's agent runs" {
	agent
	start_pilotfish <<-EOF
		jobs = (
		  { name = "agent"; exec = "$dir/bin/consul 1000"; preStart = "sleep 1000"; },
		  { name = "app"; exec = "sleep 1000"; }
		);
	EOF
	expect_events "app running" "agent.preStart running"
	stop_pilotfish
	expect_code 0
	((took < 3000 * slow))
}

@test "Consul's agent stops last, but not after a job that it needs itself" {
	agent
	start_pilotfish <<-EOF
		jobs = (
		  { name = "agent"; exec = "$dir/bin/consul 1000"; needs = [ "network running" ]; },
		  { name = "network"; exec = "sleep 1000"; },
		  { name = "app"; exec = "sleep 1000"; }
		);
	EOF
	expect_events "agent running"
	stop_pilotfish
	expect_code 0
	expect_events "app stopped" "agent stopping" "agent stopped" "network stopping" "network stopped"
}

@test "two agents that need each other's jobs by a chain, and an agent that needs a health check" {
	agent
	start_pilotfish <<-EOF
		jobs = (
		  { name = "one"; exec = "$dir/bin/consul 1000"; needs = [ "a healthy" ]; },
		  { name = "two"; exec = "$dir/bin/consul 1001"; when = { source = "one"; once = "running"; }; },
		  { name = "a"; exec = "sleep 1000"; needs = [ "b running" ];
		    health = { exec = "true"; interval = "1s"; ttl = "5s"; }; },
		  { name = "b"; exec = "sleep 1000"; },
		  { name = "c"; exec = "sleep 1000"; needs = [ "a.health exitSuccess" ]; }
		);
	EOF
	expect_events "two running"
	stop_pilotfish
	expect_code 0
	expect_events "two stopped" "one stopping" "one stopped" "a stopping" "a stopped" "b stopping"
}

@test "a job with the name of a different source hides it, in the check as in the run" {
	start_pilotfish <<-EOF
		jobs = (
		  { name = "app"; exec = "sleep 1000"; needs = [ "b running" ];
		    health = { exec = "true"; interval = "1s"; ttl = "5s"; }; },
		  { name = "b"; exec = "sleep 1000"; needs = [ "app.health exitSuccess" ]; },
		  { name = "app.health"; exec = "true"; }
		);
	EOF
	expect_events "b running" "app running"
	stop_pilotfish
	expect_code 0
}
