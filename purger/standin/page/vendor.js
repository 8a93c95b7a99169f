// The real page's third-party code: a fetch based on XMLHttpRequest, a run loop, and the time that they take.
"use strict";

(function () {
  const config = JSON.parse(decodeURIComponent(document.querySelector("meta[name='travis/config/environment']").content));

  // Handlers are set before open(), and the constructor is looked up at each call, so a script that observes the
  // requests has to replace window.XMLHttpRequest (docs/TRAVIS.md section 6).
  function polyfilledFetch(url, { method = "GET", headers = {} } = {}) {
    return new Promise((resolve, reject) => {
      const xhr = new window.XMLHttpRequest();
      xhr.onload = function () {
        const body = xhr.response;
        const { status } = xhr;
        setTimeout(() => resolve({ status, ok: status >= 200 && status < 300, text: () => textOf(body) }), 0);
      };
      xhr.onerror = () => setTimeout(() => reject(new TypeError("Network request failed")), 0);
      xhr.ontimeout = xhr.onerror;
      xhr.onabort = () => setTimeout(() => reject(new DOMException("Aborted", "AbortError")), 0);
      xhr.open(method, url, true);
      xhr.responseType = "blob";
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      xhr.send(null);
    });
  }

  function textOf(blob) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsText(blob);
    });
  }

  let runLoops = 0;
  const runLoop = {
    run(...args) {
      const work = args.pop();
      runLoops += 1;
      try { return work(); } finally { runLoops -= 1; }
    },
  };

  // Blocks the main thread until `milliseconds` have passed since `start`.
  function spend(milliseconds, start = performance.now()) {
    if (!config.costs) return;
    const end = start + milliseconds;
    while (performance.now() < end);
  }

  const modules = { "@ember/runloop/index": runLoop, "@ember/runloop": runLoop };
  window.requirejs = window.require = function (name) {
    if (!(name in modules)) throw new Error(`Could not find module \`${name}\``);
    return modules[name];
  };
  window.Travis = { __registry__: { _resolveCache: { "config:environment": config } } };
  window.vendored = { config, fetch: polyfilledFetch, spend, inRunLoop: () => runLoops > 0 };
})();
