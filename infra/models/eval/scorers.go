package main

import (
	"github.com/teei/csr-platform/infra/models/internal/measure"
	"github.com/teei/csr-platform/infra/models/lexicon"
	"github.com/teei/csr-platform/shared/adapter/localmodel"
)

// scorers are the model that is judged and, when it lies beside, what it replaced.
func scorers() []measure.Scorer {
	return []measure.Scorer{{Name: "model", Model: localmodel.New()}, {Name: "lexicon", Model: lexicon.New()}}
}
