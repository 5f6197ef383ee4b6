/** When migrations may be applied: a part of the day in a time zone. */
export interface DeploymentWindow {
  /** As it was written. */
  text: string;
  /** Days on which it opens; 0 is Sunday. */
  days: number[];
  /** Minutes since midnight. When `to` is not after `from`, it closes on the day after. */
  from: number;
  to: number;
  zone: string;
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const everyDay = dayNames.map((_, day) => day);
const form = /^(?:([a-z][a-z,\s-]*?)\s+)?(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s+(\S+)$/i;

/** Reads "02:00-04:00 UTC", "Mon-Thu 22:00-02:00 Europe/Berlin" and "Sat,Sun 06:00-09:00 UTC"; undefined when it is none of these. */
export function parseWindow(text: string): DeploymentWindow | undefined {
  const [, dayWords, fromHour, fromMinute, toHour, toMinute, zone] = form.exec(text.trim()) ?? [];
  if (zone === undefined || !isZone(zone)) return undefined;
  const days = dayWords === undefined ? everyDay : parseDays(dayWords);
  const from = minuteOfDay(fromHour!, fromMinute!);
  const to = minuteOfDay(toHour!, toMinute!);
  if (!days || from === undefined || to === undefined || from === to || from === midnight) return undefined;
  return { text: text.trim(), days, from, to, zone };
}

const midnight = 24 * 60;

/** 24:00 is the end of a day. */
function minuteOfDay(hour: string, minute: string): number | undefined {
  const minutes = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && minutes <= midnight ? minutes : undefined;
}

/** "Mon-Thu", "Sat,Sun", "Fri-Mon". */
function parseDays(words: string): number[] | undefined {
  const days: number[] = [];
  for (const part of words.split(',')) {
    const [first, last, ...more] = part.split('-').map((word) => dayNames.indexOf(word.trim().toLowerCase().slice(0, 3)));
    if (first === undefined || more.length > 0 || first < 0 || last === -1) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.push(day);
      if (day === (last ?? first)) break;
    }
  }
  return days;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Whether one of the windows is open; without any, it always is. */
export const isOpen = (windows: DeploymentWindow[], moment: Date): boolean =>
  windows.length === 0 || windows.some((window) => holds(window, localTime(window.zone)(moment)));

/** When the next of the windows opens, to the minute; the moment itself when one is open, undefined when none opens within eight days. */
export function nextOpening(windows: DeploymentWindow[], moment: Date): Date | undefined {
  if (isOpen(windows, moment)) return moment;
  const clocks = windows.map((window) => ({ window, at: localTime(window.zone) }));
  const minute = 60_000;
  const begin = Math.ceil(moment.getTime() / minute) * minute;
  for (let time = begin; time <= begin + 8 * midnight * minute; time += minute) {
    const then = new Date(time);
    if (clocks.some(({ window, at }) => holds(window, at(then)))) return then;
  }
  return undefined;
}

interface LocalTime {
  day: number;
  minute: number;
}

/** After midnight, an open window is that of the day before. */
function holds({ days, from, to }: DeploymentWindow, { day, minute }: LocalTime): boolean {
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

function localTime(zone: string): (moment: Date) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (moment) => {
    const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
    return { day: dayNames.indexOf(parts.weekday!.toLowerCase()), minute: Number(parts.hour) * 60 + Number(parts.minute) };
  };
}
