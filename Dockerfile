# The release build as an image, to take the program from:
#
#     COPY --from=pilotfish /pilotfish /usr/local/bin/
#
# docker build -t pilotfish --build-arg COMMIT="$(git describe --always --dirty --exclude='*')" .
FROM debian:bookworm-slim AS build
WORKDIR /src
RUN apt-get -q update && apt-get -qy install --no-install-recommends ca-certificates make
COPY tests/setup tests/
RUN tests/setup release
COPY LICENSE Makefile release.mk sbom.sh ./
COPY consul consul
COPY hooks hooks
COPY supervisor supervisor
ARG COMMIT
RUN [ "$COMMIT" ] || { echo "COMMIT is missing: build with --build-arg COMMIT=\"\$(git describe --always --dirty)\""; exit 1; }
RUN make release COMMIT="$COMMIT"

FROM scratch
COPY --from=build /src/build/release/pilotfish /pilotfish
COPY --from=build /src/build/release/pilotfish.spdx.json /src/build/release/licenses /usr/share/doc/pilotfish/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENTRYPOINT ["/pilotfish"]
