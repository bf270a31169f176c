// What pages of the console do beyond their HTML. Everything works without it.
"use strict";

// A form that asks before it acts: <form data-ask="Really?">.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A field that sends its form when it changes: <select data-send>.
document.addEventListener("change", (event) => {
  if ("send" in event.target.dataset) event.target.form.requestSubmit();
});

// On a phone, the navigation shows the section one is in.
document.querySelector(".sections [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
