// Compiled, never run: what a page written in TypeScript sees.
import { PosternError, createClient } from "../../Public/postern.js";
import type { Client, Trouble, User } from "../../Public/postern.js";

const client: Client = createClient({ tokens: "local", fingerprint: true });

client.addEventListener("change", ({ user, reason }) => {
  const name: string | undefined = user?.username;
  console.log(name, reason === "other-tab");
});

export async function jobs(): Promise<unknown> {
  const user: User | null = await client.restore();
  if (user === null) await client.login("alice", "postern-demo", { remember: false });
  try {
    const response: Response = await client.fetch("/job-list", { method: "GET" });
    return await response.json();
  } catch (error) {
    if (error instanceof PosternError && error.isTrouble) console.log(error.retryAfter);
    const trouble: Trouble | null = client.trouble;
    return trouble?.message;
  }
}

// @ts-expect-error there is no such place for tokens
createClient({ tokens: "session" });
// @ts-expect-error who is signed in is not set from outside
client.user = null;
