// A calendar that takes in files by RFC 5546, on the library that Thunderbird reads them with.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new Map();
for (const sheet of JSON.parse(readFileSync(0, "utf8"))) {
  const object = new ICAL.Component(ICAL.parse(sheet));
  for (const zone of object.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const method = object.getFirstPropertyValue("method");
  for (const part of object.getAllSubcomponents("vevent")) {
    const event = new ICAL.Event(part);
    const known = calendar.get(event.uid);
    if (known && known.sequence >= event.sequence) continue; // old news
    if (method === "CANCEL") {
      if (part.getFirstPropertyValue("status") !== "CANCELLED") throw new Error("no status");
      calendar.set(event.uid, { sequence: event.sequence, gone: true });
      continue;
    }
    calendar.set(event.uid, {
      uid: event.uid,
      sequence: event.sequence,
      starts: event.startDate.toJSDate().toISOString(),
      ends: event.endDate.toJSDate().toISOString(),
      zone: event.startDate.zone.tzid,
      summary: event.summary,
      location: event.location,
      status: part.getFirstPropertyValue("status"),
      organizer: event.organizer,
      attendees: event.attendees.map((one) => one.getFirstValue()),
      text: sheet,
    });
  }
}
process.stdout.write(JSON.stringify([...calendar.values()].filter((event) => !event.gone)));
