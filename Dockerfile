# Built in one stage, run in another: the second holds what the package holds, and no compiler.
FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The image is the Node we need; the one that comes as a package stays out.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/node node_modules/.bin

FROM node:26-slim
LABEL org.opencontainers.image.title="fsmtp" org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
WORKDIR /opt/fsmtp
COPY --from=build /build/package.json /build/LICENSE /build/README.md /build/CHANGELOG.md ./
COPY --from=build /build/bin ./bin
COPY --from=build /build/dist ./dist
COPY --from=build /build/node_modules ./node_modules
RUN ln -s /opt/fsmtp/bin/fsmtp.js /usr/local/bin/fsmtp && install -d -o node -g node -m 0700 /var/lib/fsmtp
USER node
# Configuration, keys, certificates and data, all in one place: what `fsmtp init` writes here, `serve` reads here.
WORKDIR /var/lib/fsmtp
VOLUME /var/lib/fsmtp
# mx, submission, submissions (`fsmtp init --ports high`): not root in here, so ports from 1024 on. Publish them as 25, 587, 465.
EXPOSE 2525 2587 2465
# The running server answers on the socket in its data directory; asking there leaves no session in the log.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["node", "-e", "require('node:net').connect('data/control.sock').once('error', () => process.exit(1)).once('data', () => process.exit(0)).write('{\"do\":\"status\"}\\n')"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["fsmtp"]
# Without a configuration it says so and ends: the playground would listen on the container's own loopback only.
CMD ["serve", "--config", "fsmtp.yaml"]
