# Built in one stage, run in another: the second holds what the package holds, no compiler, no npm.
FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The image is the Node we need; the one that comes as a package stays out.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts && rm -rf node_modules/node node_modules/.bin

FROM node:26-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="fsmtp" \
      org.opencontainers.image.description="A mail server whose memory is a log of facts" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/node:26-slim"
# What Node compiles is kept where a read-only root file system leaves room for it.
ENV NODE_ENV=production XDG_CACHE_HOME=/tmp
WORKDIR /opt/fsmtp
# package.json and the manifests in node_modules are what scanners make a bill of materials from.
COPY --from=build /build/package.json /build/LICENSE /build/README.md /build/CHANGELOG.md ./
COPY --from=build /build/bin ./bin
COPY --from=build /build/dist ./dist
COPY --from=build /build/node_modules ./node_modules
# A volume that is mounted for the first time belongs to whom the folder here belongs to.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx \
 && ln -s /opt/fsmtp/bin/fsmtp.js /usr/local/bin/fsmtp \
 && install -d -o node -g node -m 0700 /var/lib/fsmtp /etc/fsmtp/keys
# By number, so that who forbids root can see that it is none.
USER 1000:1000
# Configuration, keys, certificates and data, all in one place: what `fsmtp init` writes here, `serve` reads here. Nothing is written
# elsewhere but to /tmp: the root file system may be read-only.
WORKDIR /var/lib/fsmtp
VOLUME /var/lib/fsmtp
# mx, submission, submissions (`fsmtp init --ports high`): not root in here, so ports from 1024 on. Publish them as 25, 587, 465.
EXPOSE 2525 2587 2465
# The running server answers on the socket in its data directory; asking there leaves no session in the log.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["node", "-e", "require('node:net').connect('/var/lib/fsmtp/data/control.sock').once('error', () => process.exit(1)).once('data', () => process.exit(0)).write('{\"do\":\"status\"}\\n')"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["fsmtp"]
# Without a configuration it says so and ends: the playground would listen on the container's own loopback only.
CMD ["serve", "--config", "fsmtp.yaml"]
