// Sends one e-mail, and prints the mailbox: send-mail.ts "a text"
import { deliver, readMailbox } from "../../mock-tools/mailbox.ts";

const [message = ""] = process.argv.slice(2);
await deliver({ from: "a@example.com", to: "b@example.com", message });
console.log(JSON.stringify(readMailbox().map((mail) => mail.message)));
