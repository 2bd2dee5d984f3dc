// Package sample makes the synthetic year that a fresh platform shows: three companies, a thousand sessions and seven hundred
// texts, as the webhook deliveries and files in which they would have come. Nobody in it exists.
package sample

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/company"
)

// Sessions and Texts are how many sessions were held and how many texts were written about them, in all companies together.
const (
	Sessions = 1000
	Texts    = 700
)

// seed makes the data the same every time.
const seed = 20260101

// Data is all there is to send, in the order in which it would have come: files first, then deliveries.
type Data struct {
	Companies  []company.Company // without ids
	Files      []File
	Deliveries []Delivery
	Refused    int // rows of Files that break a rule on purpose
}

// File is one CSV file to import.
type File struct {
	Company string // slug
	Kind    string // one of intake.Kinds
	Name    string
	Content []byte
	Rows    int // data rows, the refused ones included
	Refused int // rows that break a rule on purpose
}

// Delivery is one webhook call to sign and send. The same one may come twice.
type Delivery struct {
	Company    string // slug, for ?company=
	Path       string // without a query
	DeliveryID string // for X-Delivery-Id
	Body       []byte // JSON
}

// plan is how much happens at one company in twelve months.
type plan struct {
	company              company.Company
	participants, active int // people in the programme, and how many of them meet somebody in an ordinary month
	volunteers           int
	sessions             int
	texts                int // by participants
	volunteerTexts       int
	busyMonths           bool // everybody meets somebody in two of the months
	legacy, users        bool // has files of these kinds too
	troubling            int  // of the participants' texts of the last months, those that somebody must look at or mask
}

// plans are the three companies: one large enough that its monthly figures survive suppression, one middling, and one so small that
// most months show fewer than five people.
var plans = []plan{
	{
		company:      company.Company{Slug: "solvik-energy", Name: "Solvik Energy", Kind: company.Partner, TimeZone: "Europe/Oslo"},
		participants: 80, active: 48, volunteers: 30, sessions: 684, texts: 480, volunteerTexts: 24, legacy: true, users: true, troubling: 18,
	},
	{
		company:      company.Company{Slug: "havnelund-logistics", Name: "Havnelund Logistics", Kind: company.Partner, TimeZone: "Europe/Oslo"},
		participants: 26, active: 15, volunteers: 12, sessions: 240, texts: 144, volunteerTexts: 12, legacy: true, users: true, troubling: 4,
	},
	{
		company:      company.Company{Slug: "lypa-studio", Name: "Lypa Studio", Kind: company.Partner, TimeZone: "Europe/Kyiv"},
		participants: 6, active: 4, volunteers: 3, sessions: 76, texts: 36, volunteerTexts: 4, busyMonths: true, troubling: 1,
	},
}

// months is how many there are, the last one being the month of now. The first half came in files, the second by webhook.
const (
	months      = 12
	fileMonths  = 6
	legacyShare = 2 // of the file months, in the oldest layout
)

// Make gives the twelve months that end with the month in which now falls, in each company's own time zone; nothing in them was
// held or written after now. The same now makes the same bytes. Names and ids do not depend on now, but times do: whoever sends the
// data twice keeps the now of the first time.
func Make(now time.Time) Data {
	now = now.UTC().Truncate(time.Second)
	var data Data
	var calls []call
	words := newWriter(rand.New(rand.NewPCG(seed, 0)))
	numbers, names, told := &counter{}, &registry{taken: map[string]bool{}}, map[string]int{}
	for i, p := range plans {
		data.Companies = append(data.Companies, p.company)
		c := newCast(p, rand.New(rand.NewPCG(seed, uint64(10*i+1))), names)
		held := hold(p, c, rand.New(rand.NewPCG(seed, uint64(10*i+2))), rand.New(rand.NewPCG(seed, uint64(10*i+3))), now, numbers)
		review(p, held, rand.New(rand.NewPCG(seed, uint64(10*i+4))), words)
		trouble(p, held, told)
		data.Files = append(data.Files, files(p, c, held)...)
		calls = append(calls, deliveries(p, held, rand.New(rand.NewPCG(seed, uint64(10*i+5))))...)
	}
	slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.at.Unix(), b.at.Unix()) })
	for _, c := range calls {
		data.Deliveries = append(data.Deliveries, c.Delivery)
	}
	for _, f := range data.Files {
		data.Refused += f.Refused
	}
	return data
}

// counter numbers things across companies.
type counter struct{ sessions int }
