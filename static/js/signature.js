// Draws a signature with pen, finger or mouse and keeps it, as PNG, in the field that is sent.
// Without a script, and for who cannot draw, the form offers paper.
(() => {
  const WIDTH = 900, HEIGHT = 300;

  function prepare(pad) {
    const canvas = pad.querySelector("canvas");
    const field = pad.querySelector("input");
    const pen = canvas.getContext("2d");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#10202a";
    let last = null;

    const point = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) * WIDTH / box.width, (event.clientY - box.top) * HEIGHT / box.height];
    };
    const draw = (event) => {
      const here = point(event);
      pen.beginPath();
      pen.moveTo(...last);
      pen.lineTo(...here);
      pen.stroke();
      last = here;
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      last = point(event);
      draw(event);
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => last && draw(event));
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => {
        if (last) field.value = canvas.toDataURL("image/png");
        last = null;
      });
    pad.querySelector("[data-clear]").addEventListener("click", () => {
      pen.clearRect(0, 0, WIDTH, HEIGHT);
      field.value = "";
    });
    if (field.value) {
      const before = new Image();
      before.onload = () => pen.drawImage(before, 0, 0, WIDTH, HEIGHT);
      before.src = field.value;
    }
    pad.querySelector("[data-controls]").hidden = false;
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const pad of document.querySelectorAll("[data-signature]")) prepare(pad);
  });
})();
