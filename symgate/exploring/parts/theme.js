"use strict";
/* Light or dark: as the system says, or as the reader chose. What asks for the system's scheme in
 * the page's styles is switched with it. */

const THEME = {
  chosen: null,
  system: matchMedia("(prefers-color-scheme: dark)"),

  get dark() {
    return this.chosen ? this.chosen === "dark" : this.system.matches;
  },

  /** The other of the two; the system's own is not held on to. */
  turn() {
    const other = this.dark ? "light" : "dark";
    this.chosen = (other === "dark") === this.system.matches ? null : other;
    this.wear();
  },

  wear() {
    document.documentElement.style.colorScheme = this.chosen ?? "";
    for (const { cssRules } of document.styleSheets) {
      for (const rule of cssRules) {
        if (rule.media && (rule.asked ??= rule.media.mediaText).includes("prefers-color-scheme")) {
          rule.media.mediaText = this.chosen === null ? rule.asked : this.chosen === "dark" ? "all" : "not all";
        }
      }
    }
  },
};
