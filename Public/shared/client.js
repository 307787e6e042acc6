import { createClient } from "../postern.js";

/** One for all pages: who is signed in is known once. */
export const client = createClient();
