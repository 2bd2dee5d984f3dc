package impact

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// class says which endings stand behind a stem.
type class int

const (
	hard      class = iota // Олена, Anna
	soft                   // Марія, Оля, Kasia
	masculine              // Іван, Ігор, Сергій, Петро, Шевченко, Marek
	adjective              // Ковальський, Kowalski
	changed                // the last consonant is another one there: Ользі, Марку and Марче, Marcie
)

// stem is the part of a name that stays when it is declined.
type stem struct {
	letters string
	class   class
}

// stemsOf are the stems of a name in Latin letters without accents, be they its own or those of sound.
func stemsOf(name string) []stem {
	last := len(name) - 1
	switch {
	case strings.HasSuffix(name, "ia"):
		return []stem{{name[:last], soft}, {name[:last-1], soft}}
	case strings.HasSuffix(name, "a"):
		return append(softened(name[:last]), stem{name[:last], hard})
	case strings.HasSuffix(name, "o"):
		return append(softened(name[:last]), stem{name[:last], masculine}, stem{name[:last], hard})
	case strings.HasSuffix(name, "i"), strings.HasSuffix(name, "y"):
		stems := []stem{{name, masculine}, {name[:last], adjective}}
		if last > 0 && strings.ContainsRune("aeo", rune(name[last-1])) { // Сергей, Сергея
			stems = append(stems, stem{name[:last], masculine})
		}
		return stems
	case strings.HasSuffix(name, "e"), strings.HasSuffix(name, "u"):
		return nil
	}
	stems := append(softened(name), stem{name, masculine})
	if i := strings.LastIndexAny(name, "aeiouy"); i > 0 && len(name) > 3 { // Lev is declined as Львів is, a city
		switch name[i] {
		case 'e', 'o': // Павел, Павла; Marek, Marka
			stems = append(stems, stem{name[:i] + name[i+1:], masculine}, stem{name[:i] + name[i+1:], changed})
		case 'i': // Федір, Федора
			stems = append(stems, stem{name[:i] + "o" + name[i+1:], masculine})
		}
	}
	return stems
}

// softened are a stem's forms before an ending that changes its last consonant.
func softened(letters string) (stems []stem) {
	for _, c := range []struct {
		last    string
		becomes []string
	}{
		{"kh", []string{"s", "sh"}},
		{"k", []string{"ts", "ch", "c"}},
		{"h", []string{"z", "zh"}},
		{"g", []string{"dz"}},
		{"t", []string{"c"}},
		{"l", []string{"l"}},
	} {
		before, ends := strings.CutSuffix(letters, c.last)
		if !ends {
			continue
		}
		for _, other := range c.becomes {
			stems = append(stems, stem{before + other, changed})
		}
		break
	}
	return stems
}

// eastern are the endings of names in Ukrainian and Russian, with those of what belongs to somebody: Оленин, Іванова.
var eastern = sync.OnceValue(func() map[string][]class {
	of := func(suffixes string) string {
		var all []string
		for _, suffix := range strings.Fields(suffixes) {
			for _, ending := range strings.Fields("а е і и у ої ого ому им ою ій их ой ом") {
				all = append(all, suffix+ending)
			}
		}
		return " " + suffixes + " " + strings.Join(all, " ")
	}
	return endings([]string{
		hard:      "а и і у ою о ой е ы ої ій" + of("ин"),
		soft:      "я і ї ю ею єю е є и ей ьо" + of("ин їн"),
		masculine: "а я у ю ові еві єві ом ем єм е є і ї им ым" + of("ів їв ов ев єв"),
		adjective: "ого ому им ім ий ої ій ою ой ым ая ую",
		changed:   "і е" + of("ин"),
	})
})

// western are the endings of names in Polish.
var western = sync.OnceValue(func() map[string][]class {
	return endings([]string{
		hard:      "y i ie ę ą o ze zie iej ej",
		soft:      "i ie ia iu io ę ą o u",
		masculine: "a owi em iem u ie ze zie",
		adjective: "iego iemu im iej ego emu ej ym ą a",
		changed:   "e ie",
	})
})

// endings is which classes take a bare ending.
func endings(of []string) map[string][]class {
	classes := map[string][]class{}
	for i, list := range of {
		for _, ending := range strings.Fields(list) {
			if ending = bare(ending); !slices.Contains(classes[ending], class(i)) {
				classes[ending] = append(classes[ending], class(i))
			}
		}
	}
	return classes
}

// sound is how a bare word of either alphabet sounds, in Latin letters: Cyrillic ones by the table of the Cabinet of Ministers of Ukraine no. 55
// of 2010, and what other tables write otherwise made one: Yuliia, Yulia and Julia, Olha and Olga.
func sound(word string) string {
	var b strings.Builder
	for _, r := range word {
		heard, known := romanised[r]
		if !known && !unicode.Is(unicode.Cyrillic, r) {
			heard = string(r)
		}
		b.WriteString(heard)
	}
	heard := alike.Replace(b.String())
	for strings.Contains(heard, "ii") {
		heard = strings.ReplaceAll(heard, "ii", "i")
	}
	if strings.HasPrefix(heard, "ie") {
		heard = heard[1:] // Yevhen and Evhen
	}
	return heard
}

var alike = strings.NewReplacer("gh", "h", "g", "h", "y", "i", "j", "i", "w", "v", "x", "ks")

// romanised is the table, and behind it the Russian letters that it has not. A bare word has no й, ї or ё.
var romanised = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "h", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ie", 'ж': "zh", 'з': "z", 'и': "y", 'і': "i", 'к': "k", 'л': "l",
	'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ь': "", 'ю': "iu", 'я': "ia", 'ы': "y", 'э': "e", 'ъ': "",
}

// everyday are words of Ukrainian, Russian, Polish and Spanish that are like a short name in some form of it: Але is to Аля in Russian, and
// means but.
var everyday = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, word := range strings.Fields(`але тому тим маю має ані дані дні день коли кому ким сам сама самі само далі дала іду їду іди іде нині машина
		иду иди едет тем мой мои даже дал дали ныне ale tym tam komu sam sama sami idę inni tanie miło nadie natale`) {
		known[bare(word)] = true
	}
	return known
})
