# The release build as an image, to take the program from:
#
#     COPY --from=pilotfish /pilotfish /usr/local/bin/
#
# docker build -t pilotfish .                            the version has a checksum of the sources, or the commit:
#     --build-arg COMMIT="$(git describe --always --dirty --exclude='*')"
# docker buildx build -t pilotfish --platform linux/arm64 .         compiles on an amd64 machine, without emulation
#
# The classic builder builds for its own machine: it sets neither BUILDPLATFORM nor TARGETARCH.
FROM --platform=${BUILDPLATFORM:-linux} debian:bookworm-slim AS build
WORKDIR /src
ARG TARGETARCH
RUN own=$(dpkg --print-architecture); [ "${TARGETARCH:-$own}" = "$own" ] || echo "$TARGETARCH" >>/cross; touch /cross
RUN apt-get -q update && apt-get -qy install --no-install-recommends ca-certificates make
COPY tests/setup tests/
RUN tests/setup release $(cat /cross)
COPY LICENSE Makefile release.mk sbom.sh ./
COPY consul consul
COPY hooks hooks
COPY supervisor supervisor
ARG COMMIT
RUN sum=$(find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-12) && \
	make release COMMIT="${COMMIT:-sources-$sum}" ARCH="$(cat /cross)" && mv build/release* /release

FROM scratch
ARG COMMIT
LABEL org.opencontainers.image.title="pilotfish" \
	org.opencontainers.image.description="The first process of a container: init, supervisor, Consul client and leader election" \
	org.opencontainers.image.licenses="MIT" \
	org.opencontainers.image.version="0.1.0" \
	org.opencontainers.image.revision="$COMMIT"
COPY --from=build /release/pilotfish /pilotfish
COPY --from=build /release/pilotfish.spdx.json /release/licenses /usr/share/doc/pilotfish/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
USER 65532:65532
ENTRYPOINT ["/pilotfish"]
