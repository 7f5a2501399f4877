# See docs/deployment.md for how to run it. Keep the version in step with the package `node` in package.json.
FROM node:24.21.0-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without install scripts: the only one among these packages fetches a Node of its own, and the image has one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-slim
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY src ./src
# A named volume takes over owner and mode of the folder that it covers.
RUN install -d -o 1000 -g 1000 -m 0700 /data

# On 0.0.0.0 the server makes no sealing key by itself: REPLR_SECRET_KEY is required.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 REPLR_DATA_DIR=/data
# By number, so that Kubernetes' runAsNonRoot can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/start.mjs"]
CMD ["serve"]
