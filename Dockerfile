# One image and one entry point, with one role per container: modelcache webhook | controller | review.
#
# Reproducible: the same sources and SOURCE_DATE_EPOCH give the same image (docker buildx build with
# --output=…,rewrite-timestamp=true, or buildah bud --timestamp). Only Node.js depends on the architecture, so
# the program is built on the machine's own.
ARG BUILD=docker.io/library/node:24.21.0-bookworm-slim
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD} AS node

FROM --platform=$BUILDPLATFORM ${BUILD} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package that the program or its bundler needs has an install script to run.
RUN npm ci --ignore-scripts --no-update-notifier --loglevel=error --cache=/tmp/npm
COPY tools/build.ts ./tools/
COPY src ./src
RUN node tools/build.ts
COPY LICENSE ./dist/

# C libraries and certificates, no shell and no package manager.
FROM ${RUNTIME}
ARG SOURCE_DATE_EPOCH
LABEL org.opencontainers.image.title="modelcache" \
      org.opencontainers.image.description="Stages LLM weights once per cluster and mounts them read-only into every pod that asks" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app/dist ./
# The user id that manifests/ and PodSecurity "restricted" use. Nothing below / is written.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "/app/main.js"]
CMD ["--help"]
