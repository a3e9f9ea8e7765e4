# The image of the server.
#
#   docker build -t forgekv .
#   docker run -p 6379:6379 -v forgekv-data:/data forgekv

FROM node:26-slim AS build
WORKDIR /build
COPY . .
RUN npm ci --ignore-scripts && node_modules/.bin/tsc -b && node scripts/dist/src/bundle.js
# What the server needs when it runs, and nothing else.
RUN scripts/stage /app

FROM node:26-slim
COPY --from=build /app /app
RUN mkdir /data && chown node:node /data
USER node
# The data directory is ./data unless it is configured: /data.
WORKDIR /
VOLUME /data
EXPOSE 6379
ENV NODE_ENV=production
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "/app/scripts/healthcheck.mjs"]
ENTRYPOINT ["/app/scripts/container"]
