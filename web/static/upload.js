const input = document.querySelector("input[type=file]");
const preview = document.getElementById("preview");
const picked = document.getElementById("picked");
const invitation = picked.textContent;
input.addEventListener("change", () => {
  const file = input.files[0];
  picked.textContent = file ? file.name : invitation;
  preview.hidden = !file || !/^image\/(jpeg|png)$/.test(file.type); // what every browser can show
  if (!preview.hidden) preview.src = URL.createObjectURL(file);
});
document.querySelector("form").addEventListener("submit", (event) => {
  const button = event.target.querySelector("button");
  button.disabled = true;
  button.textContent = "正在上传和检查…";
});
