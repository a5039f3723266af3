// Who is signed in, and what they may do.

import * as api from "./api.js";
import * as auth from "./auth.js";

let person = { name: "", email: "", roles: [], environment: "" };

/** Asks the API; where it cannot say, the groups in the token are a good guess. */
export async function load() {
  const claims = auth.claims();
  let me;
  try {
    me = await api.get("/me");
  } catch (problem) {
    if (problem.kind !== api.Kind.UNAVAILABLE) throw problem;
    me = { name: claims.sub, roles: rolesOf(claims["cognito:groups"] ?? []) };
  }
  person = { name: me.name, email: claims.email ?? "", roles: me.roles, environment: me.environment ?? "" };
}

function rolesOf(groups) {
  if (groups.includes("approvers")) return ["viewer", "operator", "approver"];
  if (groups.includes("operators")) return ["viewer", "operator"];
  return groups.includes("viewers") ? ["viewer"] : [];
}

export const me = () => person;
/** Whether it is known that nothing is real; where it is not known, nothing is said. */
export const isSandbox = () => person.environment !== "" && person.environment !== "live";
export const mayOperate = () => person.roles.includes("operator") || person.roles.includes("approver");
export const mayApprove = () => person.roles.includes("approver");

export function roleName() {
  if (mayApprove()) return "Approver";
  if (mayOperate()) return "Operator";
  return person.roles.length > 0 ? "Viewer" : "No role";
}
