// Inside WeChat a page can ask its camera for a code. Where that does not come about, the button stays hidden.
const button = document.querySelector("[data-scan]");
wx.config({ ...JSON.parse(button.dataset.scan), jsApiList: ["scanQRCode"] });
wx.ready(() => {
  button.hidden = false;
  button.addEventListener("click", () => wx.scanQRCode({ needResult: 1, scanType: ["qrCode", "barCode"], success: open }));
});

function open({ resultStr }) {
  // A bar code comes as "CODE_128,06901234567892".
  const text = resultStr.replace(/^[A-Z0-9_]+,/, "");
  location.assign(text.startsWith(`${location.origin}/`) ? text : `/q?text=${encodeURIComponent(text)}`);
}
