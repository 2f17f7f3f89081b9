# The release build as an image, to take the program from:
#
#     COPY --from=pilotfish /pilotfish /usr/local/bin/
#
# docker build -t pilotfish --build-arg VERSION="$(git describe --tags --always)" .
FROM debian:bookworm-slim AS build
WORKDIR /src
RUN apt-get -q update && apt-get -qy install --no-install-recommends ca-certificates make
COPY tests/setup tests/
RUN tests/setup release
COPY Makefile release.mk ./
COPY consul consul
COPY hooks hooks
COPY supervisor supervisor
ARG VERSION=unknown
RUN make release VERSION="$VERSION"

FROM scratch
COPY --from=build /src/build/release/pilotfish /pilotfish
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENTRYPOINT ["/pilotfish"]
