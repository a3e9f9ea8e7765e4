# The image of the server.
#
#   docker build -t forgekv .
#   docker run -p 127.0.0.1:6379:6379 -v forgekv-data:/data forgekv
#
# It needs no rights and writes to /data only:
#
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges --stop-timeout 60 \
#     -p 6379:6379 -v forgekv-data:/data -v "$PWD/password:/run/secrets/password:ro" \
#     -e FORGEKV_REQUIREPASS_FILE=/run/secrets/password forgekv

FROM node:26-slim AS build
WORKDIR /build
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && node_modules/.bin/tsc -b \
  && node scripts/dist/src/bundle.js
# What the server needs when it runs, and nothing else.
RUN scripts/stage /app

FROM node:26-slim
LABEL org.opencontainers.image.title="ForgeKV" \
  org.opencontainers.image.description="A drop-in Redis replacement that uses all cores" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
COPY --from=build /app /app
RUN ln -s /app/scripts/forgekv /usr/local/bin/forgekv \
  && mkdir /data \
  && chown 1000:1000 /data
# The user `node`; in numbers, since Kubernetes cannot see from a name that it is not root.
USER 1000:1000
# The data directory is ./data unless it is configured: /data.
WORKDIR /
VOLUME /data
EXPOSE 6379
# The last checkpoint takes some seconds; cut short, the next start has more to read.
STOPSIGNAL SIGTERM
# FORGEKV_PORT, where the port is another one.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["forgekv", "healthcheck"]
ENTRYPOINT ["/app/scripts/container"]
