// The page: says what to run to a worker of its own, shows what comes back.

const form = document.querySelector("form");
const screen = document.querySelector("pre");
const status = document.querySelector("[role=status]");

let worker;
let decoders;

const bytesOf = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
};

function show(stream, bytes) {
  const text = decoders[stream].decode(bytes, { stream: true });
  if (text === "") return;
  const span = document.createElement("span");
  if (stream === 2) span.className = "error";
  span.textContent = text;
  screen.append(span);
  screen.scrollTop = screen.scrollHeight;
}

function speak({ instructions, ms, status: code, waits }) {
  const rate = (instructions / ms / 1e3).toFixed(1);
  const standing = code !== undefined ? `exit status ${code}` : waits ? "waiting" : "running";
  status.textContent = `${standing}: ${instructions.toLocaleString("en")} guest instructions, ${rate} million a second`;
}

function finish() {
  worker?.terminate();
  worker = undefined;
  form.stop.disabled = true;
}

async function run() {
  finish();
  screen.textContent = "";
  status.textContent = "loading";
  const file = form.file.files[0];
  const name = file?.name ?? form.demo.value;
  const program = file
    ? new Uint8Array(await file.arrayBuffer())
    : await bytesOf(`../../guests/programs/bin/${form.order.value}/${name}`);
  const args = [name, ...form.args.value.split(" ").filter((word) => word !== "")];
  const stdin = new TextEncoder().encode(form.stdin.value);
  decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
  worker = new Worker("worker.mjs", { type: "module" });
  form.stop.disabled = false;
  worker.onmessage = ({ data }) => {
    if (data.error !== undefined) {
      status.textContent = data.error;
      return finish();
    }
    show(1, data.stdout);
    show(2, data.stderr);
    speak(data);
    if (data.status !== undefined) finish();
  };
  worker.onerror = (event) => {
    status.textContent = event.message ?? "the worker could not be loaded";
    finish();
  };
  worker.postMessage({ program, args, stdin });
}

const start = () => run().catch((error) => (status.textContent = error.message));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start();
});
form.stop.addEventListener("click", () => {
  finish();
  status.textContent = `stopped; was ${status.textContent}`;
});

// A link to `#nbody` runs it at once.
const wanted = location.hash.slice(1);
if ([...form.demo.options].some((option) => option.value === wanted)) {
  form.demo.value = wanted;
  start();
}
