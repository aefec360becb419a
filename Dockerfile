# The daemon in an image of its own: the program, the roots that TLS trusts and the central buildspec. There is no shell in it, no
# package manager and no local mode, which runs builds' commands where it runs.
#
#   docker build --tag slipway --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --stop-timeout 45 \
#     --volume "$PWD/slipway.toml:/etc/slipway/slipway.toml:ro" --env AWS_REGION=eu-west-1 slipway
#
# --stop-timeout: the engine kills after 10 seconds otherwise, before the grace period ([shutdown].grace, 25 seconds) has run out.
# A profile's buildspec_file can be /usr/share/slipway/buildspec.yml. deploy/README.md says where credentials come from, and how to reach the
# status page and the commands.

# The compiler, on a Debian: its glibc can be linked statically, and resolves names without any other file. A tag can be moved; to
# build from one image for ever, give its digest: --build-arg RUST=docker.io/library/rust@sha256:...
ARG RUST=docker.io/library/rust:1.95.0-bookworm

FROM ${RUST} AS build
WORKDIR /source

# The dependencies are a layer of their own, which holds until one of them changes; sources of nothing stand in for ours.
COPY Cargo.toml Cargo.lock ./
COPY crates/localaws/Cargo.toml crates/localaws/
# Kernels for arm64 have pages of 4, 16 or 64 KiB: the allocator has to know of the largest.
RUN case $(uname -m) in aarch64) export JEMALLOC_SYS_WITH_LG_PAGE=16 ;; esac \
 && mkdir -p src crates/localaws/src \
 && echo 'fn main() {}' >src/main.rs \
 && touch src/lib.rs crates/localaws/src/lib.rs \
 && cargo build --release --locked --no-default-features

COPY src src
COPY deploy/buildspec.yml deploy/
# `slipway --version` and the log's first line say it.
ARG REVISION=
ENV SLIPWAY_REVISION=${REVISION}
# What was built above is younger than the sources, which cargo must see as changed.
RUN case $(uname -m) in aarch64) export JEMALLOC_SYS_WITH_LG_PAGE=16 ;; esac \
 && touch src/main.rs src/lib.rs \
 && cargo rustc --release --locked --no-default-features --bin slipway -- -C target-feature=+crt-static \
 && mkdir -p /image/usr/bin /image/usr/share/slipway /image/etc/ssl/certs \
 && cp target/release/slipway /image/usr/bin/ \
 && cp deploy/buildspec.yml /image/usr/share/slipway/ \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && chmod -R u=rwX,go=rX /image

FROM scratch
COPY --from=build /image/ /
ENV SLIPWAY_CONFIG=/etc/slipway/slipway.toml
# Nobody: a number, for there is no list of users, and Kubernetes can see that it is not root.
USER 65532:65532
# Documentation: the configuration's [http].listen says where, and by default that is the container's own loopback.
EXPOSE 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=15s --retries=3 CMD ["/usr/bin/slipway", "healthcheck"]
ENTRYPOINT ["/usr/bin/slipway"]
CMD ["run"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Slipway" \
      org.opencontainers.image.description="Turns one AWS CodeBuild project into a build service for any number of repositories" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
