# purger with one browser: docker run --rm -e TRAVIS_TOKEN IMAGE purge owner/name --yes
# It needs no writable root: docker run --read-only --tmpfs /tmp works, too.
FROM debian:trixie-slim AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv
COPY . /source
RUN python3 -m venv /opt/purger \
 && /opt/purger/bin/pip install --no-cache-dir /source \
 && /opt/purger/bin/pip uninstall --yes pip

FROM debian:trixie-slim
# The headless shell draws without a graphics card, so it loads neither Mesa's drivers nor LLVM.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates chromium-headless-shell python3 tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /usr/share/doc /usr/share/man \
 && rm -f /usr/lib/*/libLLVM.so.* /usr/lib/*/libgallium-*.so /usr/lib/*/libz3.so.* /usr/lib/chromium/libVkLayer_*.so \
 && useradd --uid 10001 --create-home purger
COPY --from=build /opt/purger /opt/purger
ENV PATH=/opt/purger/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /home/purger
USER 10001
ENTRYPOINT ["/usr/bin/tini", "--", "purger"]
CMD ["--help"]
