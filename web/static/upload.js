const input = document.querySelector("input[type=file]");
const preview = document.getElementById("preview");
input.addEventListener("change", () => {
  const file = input.files[0];
  document.getElementById("picked").textContent = file ? file.name : "选择或拍摄照片";
  preview.hidden = !file;
  if (file) preview.src = URL.createObjectURL(file);
});
document.querySelector("form").addEventListener("submit", (event) => {
  const button = event.target.querySelector("button");
  button.disabled = true;
  button.textContent = "正在上传和检查…";
});
