// Inside WeChat a page can ask leave for one more message (订阅通知), by a button that WeChat itself draws. What the
// person answers WeChat tells us by its own event; this page only says that it was heard.
const place = document.querySelector("[data-subscribe]");
// WeChat draws no tag where the list of functions is empty; this one is not used.
wx.config({ ...JSON.parse(place.dataset.subscribe), jsApiList: ["scanQRCode"], openTagList: ["wx-open-subscribe"] });

const tag = document.createElement("wx-open-subscribe");
tag.setAttribute("template", place.dataset.template);
// It lives in a frame of WeChat's, which no style of ours reaches.
tag.innerHTML = `<template slot="style"><style>button { width: 100%; height: 48px; border: 0; border-radius: 10px; background: #17365d; color: #fff; font-size: 16px; font-weight: 600; }</style></template>
<template><button>允许发一条提醒</button></template>`;
tag.addEventListener("success", ({ detail }) => {
  say(JSON.stringify(detail).includes("accept") ? "已允许：下一条提醒会发到您的微信。" : "没有允许：提醒可能送不到，可以再点一次。");
});
tag.addEventListener("error", () => say("微信没有打开授权窗口：请稍后再点一次。"));
document.addEventListener("WeixinOpenTagsError", () => say("当前微信版本不支持：请更新微信后再打开本页。"));
place.querySelector("div").append(tag);

function say(words) {
  place.querySelector("[role=status]").textContent = words;
}
