// What a routing rule can look at, each with an example of its pattern. The order is that of the API's description.

export const PERSON = "human";
export const CHANNELS = ["whatsapp", "twilio-whatsapp", "voice"];

export const KIND_EXAMPLES = {
  keyword: "pharmacy, prescription, दवा",
  phrase: "lost my card",
  prefix: "order status",
  regex: "\\bINV-?[0-9]{4}\\b",
  button: "book-visit",
  referral: "https://ads.example/check-up",
  language: "hi, ta",
  channel: "voice",
  business_hours: "outside Mon-Fri 08:00-20:00, Sat 09:00-14:00 Asia/Kolkata",
  default: "",
};
