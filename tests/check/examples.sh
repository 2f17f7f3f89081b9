#!/bin/sh
# Rules for all images, Compose files, files of ContainerPilot and READMEs of the examples; each refusal says which.
exec python3 - <<'END'
import collections, glob, os, re, subprocess, sys, yaml

faults = []
defaults = {}
images = collections.defaultdict(set)


def expect(good, file, text):
    if not good:
        faults.append(f"{file}: {text}")


def check_service(file, name, service):
    expect(service.get("restart") == "unless-stopped", file, f"{name}: no restart: unless-stopped")
    expect("test" in service.get("healthcheck", {}), file, f"{name}: no healthcheck")
    expect("mem_limit" in service, file, f"{name}: no mem_limit")
    expect(service.get("read_only") and service.get("cap_drop") == ["ALL"] and service.get("security_opt"), file,
           f"{name}: not confined")
    expect(not any(re.search("PASSWORD=|PASSWORD: ", line) for line in map(str, service.get("environment", []))), file,
           f"{name}: a password")
    depends = service.get("depends_on", {})
    expect(isinstance(depends, dict), file, f"{name}: depends_on without a condition")
    expect(name == "consul" or depends, file, f"{name}: no depends_on")
    for mount in service.get("tmpfs", []):
        expect(mount == "/tmp" or ":uid=" in mount, file, f"{name}: {mount} is root's after a restart: give it a uid")
    for port in service.get("ports", []):
        match = re.fullmatch(r"127\.0\.0\.1:\$\{(\w+):-(\d+)(-\d+)?\}:\d+", port)
        expect(match, file, f"{name}: port {port} is not 127.0.0.1:${{NAME:-DEFAULT[-LAST]}}:PORT")
        if match:
            expect(match[2] not in defaults, file, f"{name}: port {match[2]} is also that of {defaults.get(match[2])}")
            defaults[match[2]] = file
            expect(match[1] in open(os.path.dirname(file) + "/README.md").read(), file, f"README.md does not name {match[1]}")


for file in sorted(glob.glob("examples/*/docker-compose.yml")):
    compose = yaml.safe_load(open(file))
    expect("version" not in compose, file, "version is obsolete")
    for name, service in compose["services"].items():
        check_service(file, name, service)

for file in sorted(glob.glob("examples/*/stack.yml")):
    for name, service in yaml.safe_load(open(file))["services"].items():
        check, mounts = service.get("healthcheck", {}), str(service.get("volumes"))
        expect(name == "consul" or check.get("disable") or "retries" in check, file,
               f"{name}: how long may it be unhealthy, before Swarm kills it?")
        expect(not service.get("read_only") or check.get("disable") or "/run/pilotfish" in mounts, file,
               f"{name}: its HEALTHCHECK needs a tmpfs for the control socket")

for file in ["Dockerfile"] + sorted(glob.glob("examples/*/Dockerfile") + glob.glob("examples/*/*/Dockerfile")):
    text = open(file).read()
    for name, version in re.findall(r"^FROM (?:--\S+ )?(\S+?):(\S+)", text, re.M):
        images[name].add(version)
    users = re.findall(r"^USER (\S+)", text, re.M)
    expect(users and re.fullmatch(r"\d+:\d+", users[-1]), file, "the last USER is not UID:GID")
    for label in "title", "description", "licenses":
        expect(f"org.opencontainers.image.{label}=" in text, file, f"no label {label}")
    if 'ENTRYPOINT ["pilotfish"]' in text:
        expect(re.search(r'^HEALTHCHECK .*--start-period=.*--retries=.* CMD \["pilotfish", "healthcheck"', text, re.M), file,
               "no HEALTHCHECK by pilotfish")
        expect("/run/pilotfish" in text, file, "no folder for the control socket")
    if 'containerpilot"]' in text:
        expect(re.search(r'^HEALTHCHECK .*--start-period=.*--retries=.* CMD \["containerpilot", "-ping"\]', text, re.M), file,
               "no HEALTHCHECK by containerpilot -ping")
        expect('RUN ["pilotfish", "check", "--build"]' in text, file, "the configuration is not checked")
    expect("FROM nginx" not in text or "STOPSIGNAL SIGTERM" in text, file, "nginx's STOPSIGNAL is SIGQUIT")
for name, versions in images.items():
    expect(len(versions) == 1 and "latest" not in versions, name, f"versions {sorted(versions)}")
    for file in glob.glob("examples/*/*.yml"):
        expect(f"image: {name}:" not in open(file).read(), file, f"{name} has its version in a Dockerfile")
number = re.search(r"^NUMBER\s*:= (\S+)", open("Makefile").read(), re.M)[1]
expect(f'image.version="{number}"' in open("Dockerfile").read(), "Dockerfile", f"the label version is not {number}")

for file in sorted(glob.glob("examples/*/*/containerpilot.json*")):
    result = subprocess.run([os.environ.get("B", "build") + "/pilotfish", "check", file], capture_output=True, text=True)
    expect(result.returncode == 0, file, result.stderr)

for file in sorted(glob.glob("examples/*/README.md")):
    for name in re.findall(r"docker \w+ [^`|]*?\b\w+[_-]\w+[_-]\d+\b", open(file).read()):
        expect(False, file, f"a container's name: {name}")

print("\n".join(faults))
sys.exit(1 if faults else 0)
END
