// Where a reader was going: what stands after the # of a link never reaches the server, and is a film page's whole state.

const next = document.querySelector("form.login input[name=next]"), on = document.getElementById("on");
if (location.hash && !next.value.includes("#")) {
  next.value += location.hash;
  on.href += location.hash;
}
