// Listens in on the cache page's own requests and clicks its icons; runs before the page's scripts, on every load.
(config) => {
  if (location.origin !== config.origin || window.top !== window) return;
  try { localStorage.setItem(config.tokenKey, config.token); } catch { /* about:blank and error pages have none */ }

  const QUESTION = "Are you sure?";
  const ITEMS = "li.cache-item";
  const BRANCH = ".row-branch .label-align";
  const ICON = ".delete-cache-icon";
  const BUTTON = ".delete-cache-button";
  const NOTICES = { missing: ".missing-notice", empty: ".no-caches" };

  // The native timer, so that a page which replaces it can't hold us up.
  const later = window.setTimeout.bind(window);
  const sleep = (ms) => new Promise((resolve) => later(resolve, ms));
  const now = () => performance.now();
  const tidy = (text) => text.replace(/\s+/g, " ").trim();

  const questions = [];
  window.confirm = (text) => {
    if (String(text) === QUESTION) return true;
    questions.push(String(text).slice(0, 200));
    return false;
  };

  // ---- the page's own requests -------------------------------------------------------------------------------
  let list = null;              // the answer to the page's one list request: {status, caches}
  const allowed = new Set();    // branches whose deletion was asked for; every other is kept from being sent
  let allowAll = false;
  const expected = new Map();   // branch -> when its icon was clicked; until its request is sent
  const pending = new Map();    // XMLHttpRequest -> {branch} of deletions that are under way
  const answers = [];
  let lastEvent = now();
  let wake = () => {};

  const marks = window[`${config.handle}marks`] ?? null;   // overlay.js, where a person watches
  const clickedItems = new Map();  // branch -> its row, for the marks

  const happened = () => { lastEvent = now(); wake(); };
  const answered = (branch, answer) => {
    answers.push({ branch, ...answer });
    marks?.answered(clickedItems.get(branch), answer);
    happened();
  };

  // The page does not encode the branch, so everything after `branch=` is its name, whatever it holds.
  const classify = (method, url) => {
    const match = /^(.*\/repo\/[^/?#]+\/caches)(?:\?branch=([^]*))?$/.exec(String(url));
    if (!match || !match[1].startsWith(config.api + "/")) return null;
    if (method === "GET" && match[2] === undefined) return { kind: "list" };
    if (method !== "DELETE") return null;
    if (match[2] === undefined) return { kind: "delete", branch: null, url: match[1], ok: allowAll };
    let branch = match[2];
    try {
      const decoded = decodeURIComponent(branch);   // should the page learn to encode one day
      if (!allowed.has(branch) && allowed.has(decoded)) branch = decoded;
    } catch { /* a name with a lone % is sent as it is */ }
    return { kind: "delete", branch, url: `${match[1]}?branch=${encodeURIComponent(branch)}`, ok: allowed.has(branch) };
  };

  const textOf = async (xhr) => {
    if (xhr.responseType === "blob") return xhr.response ? xhr.response.text() : "";
    if (xhr.responseType === "json") return JSON.stringify(xhr.response);
    return xhr.responseText;
  };
  const cachesIn = (text) => { try { const { caches } = JSON.parse(text); return Array.isArray(caches) ? caches : null; } catch { return null; } };
  const succeeded = (xhr) => xhr.status >= 200 && xhr.status < 300;

  const Native = window.XMLHttpRequest;
  window.XMLHttpRequest = class XMLHttpRequest extends Native {
    #call = null;
    constructor() {
      super();
      // First in line, so that a successful answer can be held back: rendering the list anew for each row that
      // leaves is what makes the page slow, and a later load decides what is gone anyway.
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
        answered(call.branch, { vetoed: true, status: null, words: "kept from being sent" });
        later(() => { this.dispatchEvent(new ProgressEvent("error")); this.dispatchEvent(new ProgressEvent("loadend")); }, 0);
        this.#call = null;
        return undefined;
      }
      pending.set(this, { branch: call.branch });
      lastEvent = now();
      return super.send(body);
    }
    async #loaded() {
      const call = this.#call;
      if (!call) return;
      const status = this.status;
      const retryAfter = status === 429 || status === 503 ? this.getResponseHeader("Retry-After") : null;
      const text = await textOf(this).catch(() => "");
      if (call.kind === "list") list = { status, caches: cachesIn(text), words: text.slice(0, 300) };
      else this.#end({ status, retryAfter, deleted: succeeded(this) ? cachesIn(text) : null, words: succeeded(this) ? "" : text.slice(0, 300) });
      happened();
    }
    #end(answer) {
      if (pending.delete(this)) answered(this.#call.branch, answer);
      else if (this.#call?.kind === "list" && answer.status === null) list = { status: null, caches: null, words: answer.words };
    }
  };
  Object.defineProperty(window.XMLHttpRequest, "name", { value: "XMLHttpRequest" });

  // ---- what purger asks of the page ----------------------------------------------------------------------------
  const run = () => {
    try { return window.requirejs("@ember/runloop/index").run; } catch { return (work) => work(); }
  };

  const open = () => pending.size + expected.size;

  // Resolves when at most `most` deletions are under way, when nothing has happened for `silenceMs`, or when
  // `patienceMs` have passed.
  const until = async (most, silenceMs, patienceMs = Infinity) => {
    const start = now();
    for (;;) {
      if (open() <= most || now() - start > patienceMs) return;
      const quiet = now() - lastEvent;
      // A click sends its request at once: a row that sent nothing while nothing else goes on never will.
      if (pending.size === 0 && quiet > Math.min(2000, silenceMs)) {
        for (const branch of expected.keys()) answers.push({ branch, unsent: true, status: null, words: "its icon sent no request" });
        expected.clear();
        return;
      }
      if (quiet > silenceMs) {
        for (const xhr of [...pending.keys()]) xhr.abort();
        continue;
      }
      await Promise.race([new Promise((resolve) => { wake = resolve; }), sleep(Math.max(20, Math.min(500, silenceMs - quiet + 1)))]);
    }
  };
  const taken = () => ({ answers: answers.splice(0), open: open(), questions: questions.splice(0) });

  const api = {
    // Clicks the icons of these branches' rows; resolves with the answers that came in, once at most `most` of all
    // clicked rows are unanswered, or when patience ends.
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
          expected.set(branch, now());
          clickedItems.set(branch, items[0]);
          marks?.clicked(items[0]);
        } else answers.push({ branch, unsent: true, status: null, words: "its row is not on the page" });
        // Rows whose names differ in white space alone look the same: all are clicked, and what is sent tells them
        // apart, since only the allowed branch gets through.
        icons.push(...items.map((item) => item.querySelector(ICON)).filter(Boolean));
      }
      const unique = [...new Set(icons)];
      if (unique.length) {
        run()(() => unique.forEach((icon) => icon.click()));
        lastEvent = now();
      }
      await until(most, silenceMs, patienceMs);
      return taken();
    },

    // Presses the page's own "Delete all repository caches".
    async clickAll({ silenceMs }) {
      const button = document.querySelector(BUTTON);
      if (!button) return { answers: [{ branch: null, unsent: true, status: null, words: "the button is not on the page" }], questions: [] };
      allowAll = true;
      expected.set(null, now());
      lastEvent = now();
      button.click();
      await until(0, silenceMs);
      allowAll = false;
      return taken();
    },

    // Resolves with what the page shows once that is decided, or with what it shows at the deadline.
    async look({ timeoutMs, graceMs }) {
      const deadline = now() + timeoutMs;
      let changed = now();
      new MutationObserver(() => { changed = now(); }).observe(document, { childList: true, subtree: true });
      for (;;) {
        const items = document.querySelectorAll(ITEMS).length;
        const icons = document.querySelectorAll(`${ITEMS} ${ICON}`).length;
        // Taken only by the look that tells them: those of an earlier turn would be lost.
        const shown = (state) => ({ state, items, icons, list, path: location.pathname, questions: questions.splice(0) });
        const has = (selector) => document.querySelector(selector) !== null;
        if (has(NOTICES.missing)) return shown("missing");
        if (document.body && !location.pathname.endsWith("/caches")) return shown("moved");
        if (list && (list.status !== 200 || !list.caches)) return shown("refused");
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
