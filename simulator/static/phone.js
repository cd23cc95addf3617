// The phone: whose it is, what it shows, and what a tap does. State comes from the simulator by polling.

import { chinese, face, icon, line, make, when } from "./render.js";

const $ = (id) => document.getElementById(id);
const POLL_MS = 900, HIDDEN_MS = 4000, GAP_SECONDS = 300;

const chat = $("chat"), input = $("input");
let user = new URLSearchParams(location.search).get("user") || "stranger";
let last = 0, lastAt = 0, now = Date.now() / 1000, person = null, menuText = null, scanKey = null, generation = 0, timer = 0;
let photoMenu = null, photoOriginal = false, firstView = true;

async function post(path, fields = {}, file = null) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file) form.append("file", file, file.name);
  const response = await fetch(path, { method: "POST", body: form });
  const answer = await response.json();
  if (!response.ok) phone.say(answer.error ?? "操作未成功");
  return response.ok ? answer : null;
}

const mine = (what) => `users/${encodeURIComponent(user)}/${what}`;

// The push may take up to three attempts; the phone goes on meanwhile and sees the answer by polling.
function act(what, fields = {}, file = null) {
  const done = post(mine(what), { wait: 0, ...fields }, file).finally(poll);
  setTimeout(poll, 120);
  return done;
}

const send = (type, fields = {}, file = null) => act("messages", { type, ...fields }, file);
const happen = (event, fields = {}) => send("event", { event, ...fields });

const phone = {
  say(text) {
    $("toast").textContent = text;
    $("toast").hidden = false;
    clearTimeout(phone.toasting);
    phone.toasting = setTimeout(() => { $("toast").hidden = true; }, 2200);
  },
  chooseOption: (content, id) => send("text", { content, menu_id: id || "1" }),
  enlarge(url) {
    $("lightbox").querySelector("img").src = url;
    $("lightbox").hidden = false;
  },
  settle() { chat.scrollTop = chat.scrollHeight; },
};

/* What is shown */

async function poll() {
  clearTimeout(timer);
  const asked = generation;
  try {
    const response = await fetch(`${mine("view")}?after=${last}`);
    const view = await response.json();
    if (asked === generation && response.ok) show(view);
  } catch {
    $("title").textContent = "模拟器未连接";
  }
  clearTimeout(timer);
  timer = setTimeout(poll, document.hidden ? HIDDEN_MS : POLL_MS);
}

function show(view) {
  person = view.person;
  now = view.now;
  $("title").textContent = view.typing ? "对方正在输入…" : view.account;
  $("who").replaceChildren(face(person), make("span", {}, person.name));
  const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  const fresh = view.entries.filter((entry) => entry.number > last);
  for (const entry of fresh) {
    if (entry.at - lastAt > GAP_SECONDS) chat.append(when(entry.at, now));
    chat.append(line(entry, person, phone));
    [last, lastAt] = [entry.number, entry.at];
  }
  if (fresh.length && (atEnd || fresh.some((entry) => entry.direction === "user"))) phone.settle();
  $("profile").hidden = person.following;
  $("profile-name").textContent = view.account;
  $("foot").hidden = !person.following;
  showMenu(view.menu);
  showDesk(view);
}

function showMenu(buttons) {
  const text = JSON.stringify(buttons);
  if (text === menuText) return;
  menuText = text;
  const swap = make("button", { class: "swap", "aria-label": "键盘", onclick: () => typingMode(true) }, icon("keyboard"));
  $("menu").replaceChildren(swap, ...buttons.map(slot));
  $("to-menu").hidden = !buttons.length;
  if (firstView || !buttons.length) typingMode(!buttons.length);
  firstView = false;
}

function slot(button) {
  const below = button.sub_button ?? [];
  const place = make("div", { class: "slot" });
  if (!below.length) {
    place.append(make("button", { onclick: () => { closePopups(); press(button); } }, button.name));
    return place;
  }
  const open = () => {
    const wasOpen = place.querySelector(".popup");
    closePopups();
    if (wasOpen) return;
    place.append(make("div", { class: "popup" }, ...below.map((one) =>
      make("button", { onclick: () => { closePopups(); press(one); } }, one.name))));
  };
  place.append(make("button", { class: "parent", onclick: open }, button.name));
  return place;
}

function closePopups() {
  document.querySelectorAll(".popup").forEach((popup) => popup.remove());
}

function typingMode(on) {
  $("keys").hidden = !on;
  $("menu").hidden = on;
  $("panel").hidden = true;
  closePopups();
}

/* What a menu button does */

const PRESS = {
  click: (button) => act("click", { key: button.key }),
  view: (button) => { window.open(button.url, "_blank", "noopener"); happen("VIEW", { key: button.url }); },
  miniprogram: (button) => { phone.say("模拟器不打开小程序"); happen("view_miniprogram", { key: button.pagepath }); },
  scancode_push: (button) => openScanner({ event: "scancode_push", key: button.key }),
  scancode_waitmsg: (button) => openScanner({ event: "scancode_waitmsg", key: button.key }),
  pic_sysphoto: choosePhotosFor, pic_photo_or_album: choosePhotosFor, pic_weixin: choosePhotosFor,
  location_select: async (button) => { await happen("location_select", { key: button.key }); send("location"); },
};

function press(button) {
  (PRESS[button.type] ?? (() => phone.say("模拟器不支持这种菜单")))(button);
}

function choosePhotosFor(button) {
  photoMenu = button;
  photoOriginal = false;
  $("photos").click();
}

/* What the panel does */

const TOOLS = [
  ["photo", "照片", () => choosePhotos(false)],
  ["original", "原图", () => choosePhotos(true)],
  ["scan", "扫一扫", () => openScanner({})],
  ["place", "位置", () => send("location")],
  ["voice", "语音", () => send("voice", { seconds: 3 })],
  ["video", "视频", () => send("video")],
  ["smile", "表情", () => send("sticker")],
  ["file", "文件", () => $("document").click()],
];

function choosePhotos(original) {
  photoMenu = null;
  photoOriginal = original;
  $("photos").click();
}

$("panel").append(...TOOLS.map(([name, label, run]) =>
  make("button", { onclick: () => { $("panel").hidden = true; run(); } }, make("i", {}, icon(name)), label)));

$("photos").addEventListener("change", async (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  if (!files.length) return;
  if (photoMenu) await happen(photoMenu.type, { key: photoMenu.key, count: files.length });
  // Several photos are several messages, one after another.
  for (const file of files) await send("image", photoOriginal ? { original: 1 } : {}, file);
});

$("document").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) send("file", { title: file.name }, file);
});

/* Scanning */

function openScanner(target) {
  scanKey = target;
  $("scan-text").value = "";
  $("scan-kind").value = "";
  $("scanner").hidden = false;
  desk(false);
}

$("scan-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const found = (await post("decode", {}, file))?.codes ?? [];
  if (!found.length) return phone.say("图中没有读到码，可手工输入");
  $("scan-text").value = found[0].text;
  if ([...$("scan-kind").options].some((one) => one.value === found[0].symbology)) $("scan-kind").value = found[0].symbology;
});

$("scan-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("scan-text").value.trim();
  if (!text) return phone.say("请先选择图片或输入内容");
  $("scanner").hidden = true;
  if (scanKey.event) {
    happen(scanKey.event, { key: scanKey.key, content: text, symbology: $("scan-kind").value });
    if (scanKey.event === "scancode_push" && /^https?:\/\//i.test(text)) window.open(text, "_blank", "noopener");
  } else if (scanKey.account && !/^https?:/i.test(text)) act("scan", { scene: text });
  else if (/^https?:\/\/weixin\.qq\.com\/q\//i.test(text)) act("scan", { url: text });
  else if (/^https?:\/\//i.test(text)) window.open(text, "_blank", "noopener");
  else phone.say(`扫到：${text}`);
});
$("scan-cancel").addEventListener("click", () => { $("scanner").hidden = true; });

/* Typing */

function sendTyped() {
  const content = input.value;
  if (!content.trim()) return;
  input.value = "";
  fitInput();
  send("text", { content });
}

function fitInput() {
  input.style.height = "40px";
  input.style.height = `${Math.min(118, input.scrollHeight)}px`;
  const empty = !input.value.trim();
  $("send").hidden = empty;
  $("plus").hidden = !empty;
}

input.addEventListener("input", fitInput);
input.addEventListener("focus", () => { $("panel").hidden = true; });
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); sendTyped(); }
});
$("send").addEventListener("click", sendTyped);
$("sticker").addEventListener("click", () => send("sticker"));
$("to-menu").addEventListener("click", () => typingMode(false));
$("plus").addEventListener("click", () => { $("panel").hidden = !$("panel").hidden; phone.settle(); });
$("lightbox").addEventListener("click", () => { $("lightbox").hidden = true; });
chat.addEventListener("click", () => { closePopups(); $("panel").hidden = true; desk(false); });

/* The desk beside the phone */

function desk(open) {
  $("desk").classList.toggle("open", open);
  if (open) refreshJournal();
}

function showDesk(view) {
  $("people").replaceChildren(...view.people.map((one) =>
    make("button", { "aria-pressed": String(one.id === user), onclick: () => become(one.id) }, face(one), one.name)));
  $("openid").textContent = person.openid;
  $("following").textContent = person.following ? "已关注" : "未关注";
  $("credit").textContent = `${person.credit} 条`;
  $("blocks").checked = person.blocks;
  showConsents(view.templates);
  $("toggle-follow").textContent = person.following ? "取消关注" : "关注";
  $("clock").textContent = chinese(view.now, { dateStyle: "long", timeStyle: "medium" });
  $("clock").title = view.offset ? `比真实时间快 ${Math.round(view.offset)} 秒` : "与真实时间一致";
  if ($("desk").getBoundingClientRect().width && getComputedStyle($("desk")).visibility === "visible") refreshJournal();
}

function showConsents(templates) {
  const answer = (template, label, answered) =>
    make("button", { class: "plain", onclick: () => act("consents", { template: template.id, answer: answered }) }, label);
  $("consents").replaceChildren(...templates.map((template) => make("div", {},
    make("span", {}, `${template.title}：还可发 ${template.agreed} 条`),
    answer(template, "同意一次", "accept"), answer(template, "拒绝", "reject"), answer(template, "关闭", "withdraw"))));
}

async function refreshJournal() {
  const rows = await (await fetch("journal")).json();
  $("journal").replaceChildren(...rows.slice(-40).reverse().map((row) => {
    const fine = ["ok", "success", "text", "image", "news", "voice", "video"].includes(row.result);
    const time = chinese(row.at, { timeStyle: "medium" });
    return make("li", { class: fine ? "" : "bad", title: `${row.what} ${row.result} ${row.seconds} 秒` },
      make("time", {}, time), make("span", {}, `${row.kind === "push" ? "↑" : "↓"} ${row.what}`), make("em", {}, row.result));
  }));
}

function become(id) {
  user = id;
  history.replaceState(null, "", `?user=${encodeURIComponent(id)}`);
  [last, lastAt] = [0, 0];
  generation += 1;
  chat.replaceChildren();
  typingMode($("to-menu").hidden);
  poll();
}

$("who").addEventListener("click", () => desk(true));
$("more").addEventListener("click", () => desk(true));
$("desk-close").addEventListener("click", () => desk(false));
$("follow").addEventListener("click", () => happen("subscribe"));
$("toggle-follow").addEventListener("click", () => happen(person.following ? "unsubscribe" : "subscribe"));
$("blocks").addEventListener("change", (event) => act("blocks", { on: event.target.checked ? 1 : 0 }));
$("scan-account").addEventListener("click", () => openScanner({ account: true }));
$("add-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("add-name").value.trim();
  if (name) become(name);
  $("add-name").value = "";
});
$("advance").addEventListener("click", async (event) => {
  if (event.target.id === "clock-reset") await post("clock", { reset: 1 });
  else if (event.target.dataset.seconds) await post("clock", { advance_seconds: event.target.dataset.seconds });
  poll();
});
$("verify").addEventListener("click", async () => {
  const answer = await post("verify");
  if (answer) phone.say(answer.ok ? "回调地址校验通过" : `校验未通过：${answer.reason}`);
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });

poll();
