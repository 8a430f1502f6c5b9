// A link that holds everything stands behind # in the address, where no server sees it. This page posts it, and where one
// looks (t, m, f, g) stays in the address.

const form = document.getElementById("packed");
const found = new URLSearchParams(location.hash.slice(1));
const packed = found.get("z");
found.delete("z");

if (form && !form.hidden) {
  if (packed) {
    form.elements.packed.value = packed;
    form.action = `${form.action.split("#")[0]}#${found}`; // the redirect keeps what stands behind #
    form.submit();
  } else {
    document.getElementById("packed-state").textContent = "This link is not whole: what should stand behind # in the address is missing.";
    form.hidden = true;
  }
}
