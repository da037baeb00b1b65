// Names of the locales of @faker-js/faker (MIT), by kind. The package is no dependency of Weir: install it anywhere and name its folder.
import { createRequire } from 'node:module';

const textsIn = value =>
  Array.isArray(value)
    ? value.flatMap(one => (typeof one === 'string' ? [one] : typeof one?.value === 'string' ? [one.value] : []))
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(one => (Array.isArray(one) ? textsIn(one) : []))
      : [];

/** @returns lists of first and last names, places and countries, of each locale. */
export function fakerLocales(folder) {
  const { allLocales } = createRequire(`${folder}/`)('@faker-js/faker');
  return Object.values(allLocales)
    .map(({ person = {}, location = {} }) => ({
      first: textsIn(person.first_name),
      last: textsIn(person.last_name),
      place: textsIn(location.city_name),
      country: [...textsIn(location.country), ...textsIn(location.state)],
      street: textsIn(location.street_name),
      suffix: textsIn(location.street_suffix),
    }))
    .filter(({ first, last }) => first.length > 0 && last.length > 0);
}
