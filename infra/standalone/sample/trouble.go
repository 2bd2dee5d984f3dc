package sample

// Trouble is what a few participants add to what they write, by language: harm that is done, told of or feared, and what reaches
// somebody. Route is where the text must go: moderation, safeguarding, or nowhere, since what is personal is only masked.
var Trouble = map[string][]struct{ Text, Route string }{
	"en": {
		{"If you tell anybody I will kill you.", "moderation"},
		{"Some nights I want to die.", "safeguarding"},
		{"You can write to me at oksana.testesen@example.org or call +47 400 00 123.", ""},
		{"A man on the bus shouted at me: go back to your country!", "moderation"},
		{"You are worthless and everybody here knows it.", "moderation"},
		{"Click here and earn money fast.", "moderation"},
	},
	"nb": {
		{"Hvis du sier det til noen, så husk: jeg skal drepe deg.", "moderation"},
		{"Noen netter tenker jeg at jeg vil dø.", "safeguarding"},
		{"Skriv til meg på kari.testesen@example.org.", ""},
		{"Du er en idiot, og det sier jeg til alle.", "moderation"},
	},
	"uk": {
		{"Якщо комусь скажеш, я вб'ю тебе.", "moderation"},
		{"Іноді вночі я не хочу жити.", "safeguarding"},
		{"Пишіть мені на oksana.testesen@example.org.", ""},
		{"Ти нікчема, і всі це знають.", "moderation"},
	},
}

// troubledMonths is how many months, counted from the last one, have such texts.
const troubledMonths = 4

// trouble adds them to the texts of a company's last months, evenly spread. told is how many of each language are used up; then they
// begin again.
func trouble(p plan, held []*meeting, told map[string]int) {
	var written []*meeting
	for _, m := range held {
		if m.month >= months-troubledMonths && m.verdict != nil && m.verdict.text != "" {
			written = append(written, m)
		}
	}
	for i := range p.troubling {
		m := written[i*len(written)/p.troubling]
		language := m.participant.language
		list := Trouble[language]
		m.verdict.text += " " + list[told[language]%len(list)].Text
		told[language]++
	}
}
