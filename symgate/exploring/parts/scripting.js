"use strict";
/* The page begins, and `window.symgate` for people who script it. */

const PAGE = new Page();

const nested = (flat, shape) => {
  if (!shape.length) return flat[0];
  const [first, ...rest] = shape, width = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: first }, (_, i) => (rest.length ? nested(flat.subarray(i * width, (i + 1) * width), rest) : flat[i]));
};

window.symgate = {
  get cells() { return [...PAGE.cells.keys()]; },
  get cell() { return PAGE.name; },
  get of() { return PAGE.shown.settings.of; },
  get wrt() { return PAGE.shown.settings.wrt; },
  get norm() { return PAGE.shown.settings.norm; },
  get settings() { return JSON.parse(JSON.stringify(PAGE.shown.settings)); },
  choose: (name) => PAGE.choose(name),
  set: (part) => {
    PAGE.take(part);
    PAGE.controls.show(PAGE.shown.settings);
    PAGE.soon();
  },
  draw: () => {
    PAGE.draw();
    PAGE.soon(false);
  },
  curve: () => {
    if (PAGE.dirty || !PAGE.result?.log10) PAGE.draw();
    return PAGE.result?.log10 ? [...PAGE.result.log10] : [];
  },
  parameters: () => {
    const { lesson, settings } = PAGE.shown, numbers = lesson.numbers(settings);
    return Object.fromEntries([...lesson.parameters(settings)].map(([name, flat]) => [name, nested(flat, lesson.sizeIn(lesson.cell.parameters.get(name).shape, numbers))]));
  },
  inputs: () => {
    const { lesson, settings } = PAGE.shown, numbers = lesson.numbers(settings), steps = lesson.steps(settings);
    return Object.fromEntries([...lesson.inputs(settings)].map(([name, flat]) => [name, nested(flat, [steps, ...lesson.sizeIn(lesson.cell.shapes.get(name), numbers)])]));
  },
  frame: () => PAGE.milliseconds,
  python: () => python(PAGE.shown.lesson, PAGE.shown.told, PAGE.shown.settings),
  type: (text) => {
    find("typed").value = text;
    if (!PAGE.useTyped()) throw new Error(find("fault").textContent);
  },
};
