// In the patient's hands: a question answered "I don't know" holds nothing else, and a page that
// the browser kept from before asks the server again, which leads back here.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

document.addEventListener("input", ({ target }) => {
  const question = target.closest?.("[data-question]");
  const tick = question?.querySelector(".pad-dont-know input");
  if (!tick) return;
  if (target === tick && tick.checked)
    for (const field of question.querySelectorAll("input:not([type=checkbox]):not([type=radio]), textarea")) field.value = "";
  else if (target !== tick && target.value) tick.checked = false;
});
