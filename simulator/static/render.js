// One line of the chat as DOM. Texts never become markup: only <a href> is read, and only safe addresses are followed.

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const COLOURS = ["#5b8ff9", "#e8684a", "#9270ca", "#5ad8a6", "#f6a623", "#6dc8ec", "#d66d8f"];

export function face(person) {
  const sum = [...person.id].reduce((total, letter) => total + letter.codePointAt(0), 0);
  return make("div", { class: "face", style: `background:${COLOURS[sum % COLOURS.length]}` }, [...person.name][0]);
}

export function accountFace() {
  return make("div", { class: "face account" }, "溯");
}

const ANCHOR = /<a\s([^>]*)>([\s\S]*?)<\/a>/gi;
const ADDRESS = /https?:\/\/[^\s<>"'，。；！？、）】》]+/g;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

function decoded(text) {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);
}

function linkified(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(at, found.index), make("a", { href: found[0], target: "_blank", rel: "noopener" }, found[0]));
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

function anchor(attributes, label, phone) {
  const href = decoded(/href\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))/i.exec(attributes)?.slice(1).find((one) => one != null) ?? "");
  if (/^https?:\/\//i.test(href)) return make("a", { href, target: "_blank", rel: "noopener" }, label);
  if (/^weixin:\/\/bizmsgmenu\?/i.test(href)) {
    const query = new URLSearchParams(href.slice(href.indexOf("?") + 1));
    const tap = () => phone.chooseOption(query.get("msgmenucontent") ?? label, query.get("msgmenuid") ?? "");
    return make("a", { href: "#", onclick: (event) => { event.preventDefault(); tap(); } }, label);
  }
  if (/data-miniprogram-appid/i.test(attributes)) {
    return make("a", { href: "#", onclick: (event) => { event.preventDefault(); phone.say("模拟器不打开小程序"); } }, label);
  }
  return document.createTextNode(label);
}

export function rich(text, phone) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(ANCHOR)) {
    parts.push(...linkified(text.slice(at, found.index)), anchor(found[1], found[2], phone));
    at = found.index + found[0].length;
  }
  parts.push(...linkified(text.slice(at)));
  return parts;
}

function bare(...children) {
  return make("div", { class: "bubble bare" }, ...children);
}

function card({ title, text, picture, top, kind, href }) {
  const tag = href && /^https?:/i.test(href) ? "a" : "div";
  const image = picture ? make("img", { src: picture, alt: "", loading: "lazy" }) : top;
  const attributes = tag === "a" ? { class: "card", href, target: "_blank", rel: "noopener" } : { class: "card" };
  return bare(make(tag, attributes, image,
    make("div", { class: "body" }, make("h4", {}, title), text ? make("p", {}, text) : null),
    kind ? make("div", { class: "kind" }, kind) : null));
}

const BODIES = {
  text: (entry, phone) => make("div", { class: "bubble" }, ...rich(entry.content, phone)),
  image: (entry, phone) => bare(make("img", {
    class: "photo", src: entry.media_url, alt: "图片", onclick: () => phone.enlarge(entry.media_url), onload: () => phone.settle(),
  })),
  voice: (entry) => make("div", { class: "bubble" }, make("div", { class: "voice" }, icon("voice"), `${entry.seconds ?? 1}″`)),
  video: (entry) => bare(make("div", { class: "film", style: entry.thumb_url ? `background-image:url("${encodeURI(entry.thumb_url)}")` : null })),
  location: (entry) => card({
    title: entry.content, text: `${entry.latitude}, ${entry.longitude}`, top: make("div", { class: "map" }, icon("place")), kind: "位置",
  }),
  link: (entry) => card({ title: entry.title, text: entry.description || entry.url, href: entry.url, kind: "链接" }),
  file: (entry) => card({ title: entry.title, text: `${Math.ceil((entry.size ?? 0) / 1024)} KB`, kind: "文件" }),
  news: (entry) => {
    const one = entry.articles[0];
    return card({ title: one.title, text: one.description, picture: one.picurl, href: one.url });
  },
  music: (entry) => card({ title: entry.title || "音乐", text: entry.description, href: entry.url, kind: "音乐" }),
  miniprogrampage: (entry) => card({ title: entry.title, picture: entry.thumb_url, kind: "小程序" }),
  msgmenu: (entry, phone) => make("div", { class: "bubble" }, ...rich(entry.head, phone),
    make("div", { class: "options" }, ...entry.options.map((option) =>
      make("button", { onclick: () => phone.chooseOption(option.content, option.id) }, option.content))),
    ...rich(entry.tail, phone)),
  notice_card: (entry) => {
    const rows = entry.lines.map(([label, value]) => make("p", { class: "row" }, make("span", {}, label), make("b", {}, value)));
    const safe = /^https?:/i.test(entry.url);
    const attributes = safe ? { class: "card notice-card", href: entry.url, target: "_blank", rel: "noopener" } : { class: "card notice-card" };
    return bare(make(safe ? "a" : "div", attributes,
      make("div", { class: "body" }, make("h4", {}, entry.title), ...rows),
      make("div", { class: "kind" }, safe ? "查看详情" : entry.via === "subscribe" ? "订阅通知" : "模板消息")));
  },
  transfer_customer_service: () => make("div", { class: "bubble" }, "（已转人工客服）"),
};
BODIES.shortvideo = BODIES.video;

// People and their records live in one time zone, wherever the browser is.
export function chinese(seconds, form) {
  return new Date(seconds * 1000).toLocaleString("zh-CN", { ...form, hour12: false, timeZone: "Asia/Shanghai" });
}

function clockText(at, now) {
  const day = (seconds) => chinese(seconds, { year: "numeric", month: "long", day: "numeric" });
  const time = chinese(at, { hour: "2-digit", minute: "2-digit" });
  return day(at) === day(now) ? time : `${chinese(at, { month: "long", day: "numeric" })} ${time}`;
}

export function when(at, now) {
  return make("div", { class: "when" }, clockText(at, now));
}

export function line(entry, person, phone) {
  if (entry.direction === "notice") {
    return make("div", { class: "notice" }, entry.content, entry.reason ? make("b", {}, `原因：${entry.reason}`) : null);
  }
  const body = (BODIES[entry.type] ?? ((one) => make("div", { class: "bubble" }, `［${one.type}］`)))(entry, phone);
  return make("div", { class: `line ${entry.direction}` }, entry.direction === "user" ? face(person) : accountFace(), body);
}
