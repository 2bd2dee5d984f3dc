package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/teei/csr-platform/shared/platform/template"
)

// repair makes by API what MiniStack leaves out of the stack: it ignores the Body that SAM gives an HTTP API, so the API comes up without
// routes. They are read from the template, and every one is printed. A repair that is no longer needed is an error, so that it goes away.
func repair(ctx context.Context, e emulator, deployed template.Template) error {
	if !e.ministack {
		return nil
	}
	step("repairing what MiniStack leaves out")
	resources, err := e.resources(ctx)
	if err != nil {
		return err
	}
	client := apigatewayv2.NewFromConfig(e.config)
	api := resources["Api"]
	present, err := client.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: &api})
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	if len(present.Items) > 0 {
		return fmt.Errorf("the API has %d routes by itself: this repair is no longer needed, remove it", len(present.Items))
	}
	arns, err := e.functions(ctx, resources)
	if err != nil {
		return err
	}
	authorizer, err := client.CreateAuthorizer(ctx, &apigatewayv2.CreateAuthorizerInput{
		ApiId: &api, Name: aws.String("Caller"), AuthorizerType: types.AuthorizerTypeRequest, AuthorizerPayloadFormatVersion: aws.String("2.0"),
		EnableSimpleResponses: aws.Bool(true), IdentitySource: []string{}, AuthorizerResultTtlInSeconds: aws.Int32(0),
		AuthorizerUri: aws.String("arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + arns["AuthAuthorizer"] + "/invocations"),
	})
	if err != nil {
		return fmt.Errorf("make the authorizer: %w", err)
	}
	gap("authorizer Caller: made by API, calls AuthAuthorizer for every request")
	for _, function := range deployed.Functions {
		if len(function.Routes) == 0 {
			continue
		}
		integration, err := client.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
			ApiId: &api, IntegrationType: types.IntegrationTypeAwsProxy, PayloadFormatVersion: aws.String("2.0"), IntegrationUri: aws.String(arns[function.ID]),
		})
		if err != nil {
			return fmt.Errorf("make the integration of %s: %w", function.Name, err)
		}
		for _, route := range function.Routes {
			input := &apigatewayv2.CreateRouteInput{ApiId: &api, RouteKey: aws.String(route.String()), Target: aws.String("integrations/" + *integration.IntegrationId)}
			if !route.Public {
				input.AuthorizationType, input.AuthorizerId = types.AuthorizationTypeCustom, authorizer.AuthorizerId
			}
			_, err = client.CreateRoute(ctx, input)
			if err != nil {
				return fmt.Errorf("make the route %s: %w", route, err)
			}
			gap("route %-55s → %s", route, function.Name)
		}
	}
	return nil
}

// resources maps logical ids of the stack to physical ones.
func (e emulator) resources(ctx context.Context) (map[string]string, error) {
	answer, err := cloudformation.NewFromConfig(e.config).DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: aws.String(stack)})
	if err != nil {
		return nil, fmt.Errorf("list the stack's resources: %w", err)
	}
	ids := map[string]string{}
	for _, resource := range answer.StackResources {
		ids[aws.ToString(resource.LogicalResourceId)] = aws.ToString(resource.PhysicalResourceId)
	}
	return ids, nil
}

// functions maps logical ids to ARNs.
func (e emulator) functions(ctx context.Context, resources map[string]string) (map[string]string, error) {
	physical := map[string]string{}
	for logical, id := range resources {
		physical[id] = logical
	}
	arns := map[string]string{}
	pages := lambda.NewListFunctionsPaginator(lambda.NewFromConfig(e.config), &lambda.ListFunctionsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list functions: %w", err)
		}
		for _, function := range page.Functions {
			arns[physical[aws.ToString(function.FunctionName)]] = strings.TrimSuffix(aws.ToString(function.FunctionArn), ":$LATEST")
		}
	}
	return arns, nil
}
