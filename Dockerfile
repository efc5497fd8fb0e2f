# One image, one entry point, one role per container: modelcache webhook | controller.
ARG NODE=docker.io/library/node:24-bookworm-slim

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Production packages alone; none of them has an install script to run.
RUN npm ci --omit=dev --ignore-scripts --loglevel=error

FROM ${NODE}
LABEL org.opencontainers.image.title="modelcache" \
      org.opencontainers.image.description="Stages LLM weights once per cluster and mounts them read-only into every pod that asks" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
# The user id that manifests/ and PodSecurity "restricted" run it as; nothing below / is written.
USER 65532:65532
ENTRYPOINT ["node", "/app/src/main.ts"]
CMD ["--help"]
