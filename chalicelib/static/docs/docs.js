"use strict";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// To read, not to try out: this page has nobody's login, and money is moved elsewhere.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  filter: true,
  supportedSubmitMethods: [],
  plugins: [() => ({ components: { authorizeBtn: () => null, authorizeOperationBtn: () => null } })],
  validatorUrl: null,
});
