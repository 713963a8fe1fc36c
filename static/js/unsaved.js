// Says that this browser still holds entries of a draft, which its own page will send.
for (const place of document.querySelectorAll("[data-unsaved-of]"))
  place.hidden = !localStorage.getItem(`cicatrix-unsaved:${document.body.dataset.person}:${place.dataset.unsavedOf}`);
