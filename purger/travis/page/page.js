// Observes the cache page's own requests and clicks its icons. An init script: it runs on every load, before the page's.
(config) => {
  if (location.origin !== config.origin || window.top !== window) return;
  try { localStorage.setItem(config.tokenKey, config.token); } catch { /* about:blank and error pages have none */ }

  const QUESTION = "Are you sure?";
  const ITEMS = "li.cache-item";
  const BRANCH = ".row-branch .label-align";
  const ICON = ".delete-cache-icon";
  const BUTTON = ".delete-cache-button";
  const NOTICES = { missing: ".missing-notice", empty: ".no-caches" };

  // The native timer, in case the page replaces it.
  const later = window.setTimeout.bind(window);
  const sleep = (ms) => new Promise((resolve) => later(resolve, ms));
  const now = () => performance.now();
  const tidy = (text) => text.replace(/\s+/g, " ").trim();
  // Far more than is shown: secrets are taken out before that is cut, and of a part of one nothing would be found.
  const beginning = (text) => tidy(text.slice(0, 100_000)).slice(0, 2_000);

  const questions = [];
  window.confirm = (text) => {
    if (String(text) === QUESTION) return true;
    questions.push(beginning(String(text)));
    return false;
  };

  // ---- the page's own requests -------------------------------------------------------------------------------
  let list = null;              // the response to the page's only list request: {repository, status, caches, words, kept}
  const allowed = new Set();    // branches that may be deleted; requests for others are blocked
  let allowAll = false;
  const expected = new Set();   // branches that were clicked, until their request is sent
  const pending = new Set();    // the XMLHttpRequests of deletions without a response yet
  const responses = [];
  let lastEvent = now();
  let most = Infinity;          // `wake` is called when at most so many deletions are pending
  let wake = () => {};

  const marks = window[`${config.handle}marks`] ?? null;   // of overlay.js, if the browser is watched
  const clickedItems = new Map();  // branch -> its row's element, for the marks

  const open = () => pending.size + expected.size;
  const happened = () => { lastEvent = now(); if (open() <= most) wake(); };
  const addResponse = (branch, response) => {
    responses.push({ branch, ...response });
    marks?.answered(clickedItems.get(branch), response);
    happened();
  };

  // The page does not encode the branch (docs/TRAVIS.md section 3): everything after `branch=` is its name.
  const classify = (method, url) => {
    const match = /^(.*\/repo\/([^/?#]+)\/caches)(?:\?branch=([^]*))?$/.exec(String(url));
    if (!match || !match[1].startsWith(config.api + "/")) return null;
    if (method === "GET" && match[3] === undefined) return { kind: "list", repository: match[2] };
    if (method !== "DELETE") return null;
    if (match[3] === undefined) return { kind: "delete", branch: null, url: match[1], ok: allowAll };
    let branch = match[3];
    try {
      const decoded = decodeURIComponent(branch);   // in case a later version of the page encodes it
      if (!allowed.has(branch) && allowed.has(decoded)) branch = decoded;
    } catch { /* a name with a lone % is sent as it is */ }
    return { kind: "delete", branch, url: `${match[1]}?branch=${encodeURIComponent(branch)}`, ok: allowed.has(branch) };
  };

  const cachesIn = (text) => { try { const { caches } = JSON.parse(text); return Array.isArray(caches) ? caches : null; } catch { return null; } };
  // Whether the browser may show this response again without asking the site. Any page may read these headers.
  const mayBeKept = (xhr) => {
    const rule = xhr.getResponseHeader("Cache-Control") ?? "";
    if (/no-store|no-cache/i.test(rule)) return false;
    if (/max-age/i.test(rule)) return /max-age\s*=\s*"?0*[1-9]/i.test(rule);
    return Date.parse(xhr.getResponseHeader("Expires") ?? "") > Date.now() || xhr.getResponseHeader("Last-Modified") !== null;
  };
  const succeeded = (xhr) => xhr.status >= 200 && xhr.status < 300;

  const Native = window.XMLHttpRequest;
  window.XMLHttpRequest = class XMLHttpRequest extends Native {
    #call = null;
    #isText = false;            // the page wants a blob: it gets one, but the response came as text
    constructor() {
      super();
      // These listeners are the first ones, so they can hold back successful responses from the page. Rendering the
      // list for each removed row makes the page slow (docs/TRAVIS.md section 6), and the recheck decides anyway.
      for (const type of ["readystatechange", "progress", "load", "loadend"]) {
        this.addEventListener(type, (event) => {
          if (type === "load") this.#loaded();
          const held = config.hold && this.#call?.kind === "delete" && this.readyState >= 3 && succeeded(this);
          if (held) event.stopImmediatePropagation();
        });
      }
      for (const type of ["error", "abort", "timeout"]) {
        this.addEventListener(type, () => this.#end({ status: null, words: type === "error" ? "the connection broke" : "no answer" }));
      }
    }
    open(method, url, ...rest) {
      this.#call = classify(String(method).toUpperCase(), url);
      return super.open(method, this.#call?.url ?? url, ...rest);
    }
    send(body) {
      const call = this.#call;
      if (call?.kind !== "delete") return super.send(body);
      expected.delete(call.branch);
      if (!call.ok) {
        addResponse(call.branch, { vetoed: true, status: null, words: "request blocked" });
        later(() => { this.dispatchEvent(new ProgressEvent("error")); this.dispatchEvent(new ProgressEvent("loadend")); }, 0);
        this.#call = null;
        return undefined;
      }
      pending.add(this);
      lastEvent = now();
      // A blob is kept by another process of the browser, which takes a quarter of a millisecond for each response.
      if (config.hold && super.responseType === "blob") {
        super.responseType = "text";
        this.#isText = true;
      }
      return super.send(body);
    }
    get responseType() { return this.#isText ? "blob" : super.responseType; }
    set responseType(type) { super.responseType = type; }
    get response() { return this.#isText ? new Blob([super.response]) : super.response; }
    async #text() {
      if (super.responseType === "blob") return super.response ? super.response.text() : "";
      if (super.responseType === "json") return JSON.stringify(super.response);
      return super.responseText;
    }
    async #loaded() {
      const call = this.#call;
      if (!call) return;
      const status = this.status;
      const retryAfter = status === 429 || status === 503 ? this.getResponseHeader("Retry-After") : null;
      const text = await this.#text().catch(() => "");
      if (call.kind === "list") list = { repository: call.repository, status, caches: succeeded(this) ? cachesIn(text) : null, words: beginning(text), kept: mayBeKept(this) };
      else this.#end({ status, retryAfter, deleted: succeeded(this) ? cachesIn(text) : null, words: succeeded(this) ? "" : beginning(text) });
      happened();
    }
    #end(response) {
      if (pending.delete(this)) addResponse(this.#call.branch, response);
      else if (this.#call?.kind === "list" && response.status === null) list = { status: null, caches: null, words: response.words };
    }
  };
  Object.defineProperty(window.XMLHttpRequest, "name", { value: "XMLHttpRequest" });

  // ---- the API for cache_page.py -------------------------------------------------------------------------------
  const run = () => {
    try { return window.requirejs("@ember/runloop/index").run; } catch { return (work) => work(); }
  };

  // Resolves when at most `fewEnough` deletions are pending, after `silenceMs` without an event, or after `patienceMs`.
  const until = async (fewEnough, silenceMs, patienceMs = Infinity) => {
    const start = now();
    most = fewEnough;
    for (;;) {
      if (open() <= most || now() - start > patienceMs) return;
      const quiet = now() - lastEvent;
      // A click sends its request at once, so a row that has not sent one while the page is idle never will.
      if (pending.size === 0 && quiet > Math.min(2000, silenceMs)) {
        for (const branch of expected) responses.push({ branch, unsent: true, status: null, words: "its icon sent no request" });
        expected.clear();
        return;
      }
      if (quiet > silenceMs) {
        for (const xhr of [...pending]) xhr.abort();
        continue;
      }
      await Promise.race([new Promise((resolve) => { wake = resolve; }), sleep(Math.max(20, Math.min(500, silenceMs - quiet + 1)))]);
    }
  };
  const takeResult = () => ({ answers: responses.splice(0), open: open(), questions: questions.splice(0) });

  const api = {
    // Clicks the icons of these branches' rows. Resolves with the new responses as soon as at most `most` of all
    // clicked rows are without one, or after `patienceMs`.
    async click({ branches, most, silenceMs, patienceMs }) {
      const rows = new Map();
      for (const item of document.querySelectorAll(ITEMS)) {
        const text = tidy(item.querySelector(BRANCH)?.textContent ?? "");
        rows.set(text, [...(rows.get(text) ?? []), item]);
      }
      const icons = [];
      for (const branch of branches) {
        const items = rows.get(tidy(branch)) ?? [];
        allowed.add(branch);
        if (items.length) {
          expected.add(branch);
          clickedItems.set(branch, items[0]);
          marks?.clicked(items[0]);
        } else responses.push({ branch, unsent: true, status: null, words: "its row is not on the page" });
        // Rows whose names differ only in white space have the same text. All of them are clicked, and only the
        // request for the allowed branch is sent.
        icons.push(...items.map((item) => item.querySelector(ICON)).filter(Boolean));
      }
      const unique = [...new Set(icons)];
      if (unique.length) {
        run()(() => unique.forEach((icon) => icon.click()));
        lastEvent = now();
      }
      await until(most, silenceMs, patienceMs);
      return takeResult();
    },

    // Clicks the page's button "Delete all repository caches".
    async clickAll({ silenceMs }) {
      const button = document.querySelector(BUTTON);
      if (!button) return { answers: [{ branch: null, unsent: true, status: null, words: "the button is not on the page" }], questions: [] };
      allowAll = true;
      expected.add(null);
      lastEvent = now();
      button.click();
      await until(0, silenceMs);
      allowAll = false;
      return takeResult();
    },

    // Resolves with the page's state as soon as it is final, or at the deadline.
    async view({ timeoutMs, graceMs }) {
      const deadline = now() + timeoutMs;
      let changed = now();
      new MutationObserver(() => { changed = now(); }).observe(document, { childList: true, subtree: true });
      for (;;) {
        const items = document.querySelectorAll(ITEMS).length;
        const icons = document.querySelectorAll(`${ITEMS} ${ICON}`).length;
        // A function, because `splice` removes the questions: only the state that is returned may take them.
        const shown = (state) => ({ state, items, icons, list, path: location.pathname, title: document.title, questions: questions.splice(0) });
        const has = (selector) => document.querySelector(selector) !== null;
        if (has(NOTICES.missing)) return shown("missing");
        if (document.body && !location.pathname.endsWith("/caches")) return shown("moved");
        if (list && !list.caches) return shown("refused");
        if (list) {
          const rows = new Set(list.caches.map((cache) => cache.branch)).size;
          if (rows === 0 && has(NOTICES.empty)) return shown("list");
          if (rows > 0 && items === rows && icons === rows) return shown("list");
          if (now() - Math.max(changed, lastEvent) > graceMs) return shown("unknown");
        }
        if (now() > deadline) return shown("timeout");
        await sleep(15);
      }
    },
  };
  Object.defineProperty(window, config.handle, { value: Object.freeze(api), enumerable: false });
}
