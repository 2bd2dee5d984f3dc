//go:build ignore

// This program makes lexicon/cefrj.txt, the CEFR level of English words, from the CEFR-J Wordlist 1.5 (Tono laboratory, Tokyo
// University of Foreign Studies; free for research and commercial use with citation).
//
//	go run levels_make.go cefrj-vocabulary-profile-1.5.csv > lexicon/cefrj.txt
package main

import (
	"encoding/csv"
	"fmt"
	"log"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		log.Fatal(err)
	}
	one := regexp.MustCompile(`^[a-z]+$`)
	level := map[string]string{} // lowest of all parts of speech
	for _, row := range rows[1:] {
		for word := range strings.SplitSeq(strings.ToLower(row[0]), "/") {
			if old, ok := level[word]; one.MatchString(word) && (!ok || row[2] < old) {
				level[word] = row[2]
			}
		}
	}
	fmt.Println("# CEFR-J Wordlist Version 1.5. Compiled by Yukio Tono, Tokyo University of Foreign Studies. http://www.cefr-j.org/download.html")
	fmt.Println("# Single words, each at its lowest level. Made by levels_make.go; do not edit.")
	for _, l := range []string{"A1", "A2", "B1", "B2"} {
		words := slices.DeleteFunc(slices.Sorted(maps.Keys(level)), func(w string) bool { return level[w] != l })
		fmt.Println(l, strings.Join(words, " "))
	}
}
