// The people whom this browser plays towards the platform, on the telephone and on WhatsApp: each has a number.

const KEPT_AS = "vaani.people";
const MOST_PEOPLE = 8;
// More than there can be people, so that one is always free.
const NAMES = [
  "Meera Iyer",
  "Arjun Nair",
  "Kavya Menon",
  "Rohan Gupta",
  "Sana Qureshi",
  "Vikram Singh",
  "Ananya Das",
  "Farhan Ali",
  "Divya Patel",
];
const NUMBER = /^\+[1-9][0-9]{7,14}$/;

/** All of them, the newest first; there is always one. */
export function people() {
  const kept = read();
  return kept.length > 0 ? kept : [addPerson()];
}

/** Whoever was played last. */
export function chosenPerson() {
  return people()[0];
}

/** Play this person from now on. */
export function choosePerson(number) {
  const all = people();
  const chosen = all.find((person) => person.number === number) ?? all[0];
  write([chosen, ...all.filter((person) => person !== chosen)]);
  return chosen;
}

/** Somebody whom the platform does not know yet; the one played longest ago gives way. */
export function addPerson() {
  const all = read();
  const free = NAMES.filter((each) => !all.some((person) => person.name === each));
  const name = free[Math.floor(Math.random() * free.length)];
  const person = { name, number: newNumber() };
  write([person, ...all].slice(0, MOST_PEOPLE));
  return person;
}

/** An Indian mobile number: ten digits, the first of them 6 to 9. */
function newNumber() {
  const [first, ...others] = crypto.getRandomValues(new Uint8Array(10));
  return `+91${6 + (first % 4)}${others.map((digit) => digit % 10).join("")}`;
}

/** `+91 98450 12345` */
export function readableNumber(number) {
  return number.replace(/^\+91(\d{5})(\d{5})$/, "+91 $1 $2");
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS) ?? "[]").filter(({ number, name }) => NUMBER.test(number) && name);
  } catch {
    return [];
  }
}

function write(all) {
  localStorage.setItem(KEPT_AS, JSON.stringify(all));
}
