// Forms work without this. With it: the file's name and picture are shown at once, a large file shows how far it is,
// and one that broke off is sent again with the key of its form, so that it is filed once.
const TRIES = 4;

document.addEventListener("change", ({ target }) => {
  if (!target.closest(".pick")) return;
  const shown = document.getElementById("picked");
  const preview = document.getElementById("preview");
  const file = target.files[0];
  shown.dataset.invitation ||= shown.textContent;
  shown.textContent = file ? file.name : shown.dataset.invitation;
  preview.hidden = !file || !/^image\/(jpeg|png)$/.test(file.type); // what every browser can show
  if (!preview.hidden) preview.src = URL.createObjectURL(file);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.busy) return;
  const button = event.submitter || form.querySelector("button");
  const said = button.textContent;
  const hasFile = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
  if (hasFile && "resumable" in form.dataset) {
    event.preventDefault();
    send(form, new FormData(form), button, said, 1);
  }
  // Not at once: a disabled button would not be sent with its form.
  setTimeout(() => { button.disabled = true; button.textContent = form.dataset.busy; });
});

// A page that the browser kept must not come back with its buttons still busy.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

function send(form, data, button, said, attempt) {
  const request = new XMLHttpRequest();
  const bar = form.querySelector("progress") || form.insertBefore(document.createElement("progress"), button);
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", "上传进度");
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
    button.textContent = bar.value < 1 ? `正在上传 ${Math.round(100 * bar.value)}%` : "已传完，请稍候…";
  });
  request.addEventListener("load", () => {
    if (request.status >= 500) return again();
    if (request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.getElementById("main").replaceWith(page.getElementById("main"));
    (document.querySelector("[role=alert]") || document.getElementById("main")).scrollIntoView();
  });
  request.addEventListener("error", again);
  request.addEventListener("timeout", again);
  request.open("POST", form.action);
  request.send(data);

  function again() {
    if (attempt >= TRIES) {
      bar.remove();
      button.disabled = false;
      button.textContent = said;
      const note = form.querySelector(".wrong") || form.insertBefore(document.createElement("p"), button);
      note.className = "wrong";
      note.setAttribute("role", "alert");
      note.textContent = "网络不稳，没有传完：请再点一次，不会重复提交";
      return;
    }
    button.textContent = "网络断开，正在重传…";
    setTimeout(() => send(form, data, button, said, attempt + 1), 1000 * 2 ** attempt);
  }
}
